import { t } from "../words";
import { inWords } from "../words/problems";
import { useHeadEnd } from "./context";

/** Says in plain words why the page cannot show the present state. */
export function Trouble() {
  const headEnd = useHeadEnd();
  const problem = headEnd.trouble.value;
  if (!problem) return null;
  return (
    <div class="notice alarm trouble" role="alert">
      <span>{inWords(problem)}</span>
      <button type="button" class="link" onClick={() => void headEnd.load()}>
        {t("feed.retry")}
      </button>
    </div>
  );
}
