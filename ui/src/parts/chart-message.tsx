import { t } from "../words";
import type { Loaded } from "./use-loaded";

/** Why a chart is empty, where it is. */
export function ChartMessage({ loaded, count }: { loaded: Loaded<unknown>; count: number }) {
  if (loaded === null) return <p class="nothing">{t("history.loading")}</p>;
  if ("problem" in loaded) return <p class="nothing">{t("history.failed")}</p>;
  return count === 0 ? <p class="nothing">{t("history.empty")}</p> : null;
}
