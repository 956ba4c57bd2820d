import type { Job } from "../api/wire";
import * as format from "../format";
import { maybe, t, type Word } from "../words";

type Fields = Record<string, unknown>;

/** What a command's result says, in lines of a name and a text; nothing where it is not told. */
export function resultOf(job: Job): [Word, string][] {
  const result = fields(job.result);
  const lines: [Word, string | null][] = [
    ["result.relay", typeof result["relay_status"] === "string" ? relay(result) : null],
    ["result.credit-before", format.measured(result["credit_before"])],
    ["result.credit-after", format.measured(result["credit_after"])],
    ["result.clock-before", clock(result["before"])],
    ["result.clock-after", clock(result["after"])],
  ];
  return lines.filter((line): line is [Word, string] => line[1] !== null);
}

const fields = (content: unknown): Fields =>
  content !== null && typeof content === "object" ? (content as Fields) : {};

const relay = ({ relay_status }: Fields): string =>
  maybe(`relay.${relay_status}`) ?? String(relay_status);

function clock(content: unknown): string | null {
  const { time, offset } = fields(content);
  if (typeof time !== "string") return null;
  if (typeof offset !== "number") return time;
  return `${time} (${t("result.offset", { s: format.fixed(offset, 1) })})`;
}
