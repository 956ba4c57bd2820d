import type { Problem } from "../api/rest";
import { maybe, t } from ".";

/** Why something was refused, in words for people. */
export function inWords(problem: Problem): string {
  if (problem.status === 429) {
    return t("problem.too-many-attempts", { n: Math.ceil(problem.retryAfter ?? 60) });
  }
  return (
    maybe(`problem.${problem.kind}`) ??
    (problem.detail || t("problem.other", { status: problem.status }))
  );
}
