import type { Line } from "../api/wire";
import * as format from "../format";
import { t } from "../words";

/** How busy a line is, with a mark where it would have no time left. */
export function LineGauge({ line }: { line: Line }) {
  const share = line.utilisation ?? 0;
  const text = t("line.utilisation", { share: format.percent(line.utilisation) });
  return (
    <div
      class="gauge"
      role="meter"
      aria-label={text}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
      aria-valuetext={text}
    >
      <span
        class={share > 0.98 ? "level full" : "level"}
        style={{ transform: `scaleX(${Math.min(1, share)})` }}
      />
    </div>
  );
}
