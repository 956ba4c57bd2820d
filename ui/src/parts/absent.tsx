import { t, type Word } from "../words";
import { inWords } from "../words/problems";
import type { Loaded } from "./use-loaded";

/** Stands where a list will be: it is on its way, could not be had, or is empty. */
export function Absent({ loaded, otherwise }: { loaded: Loaded<unknown>; otherwise: Word }) {
  if (loaded === null) return <p class="nothing">{t("overview.loading")}</p>;
  return <p class="nothing">{"problem" in loaded ? inWords(loaded.problem) : t(otherwise)}</p>;
}
