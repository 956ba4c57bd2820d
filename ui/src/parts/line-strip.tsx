import type { Line } from "../api/wire";
import * as format from "../format";
import { t } from "../words";
import { useHeadEnd } from "./context";
import { LineGauge } from "./line-gauge";

/** The lines in one row of the overview: busy, how fast, how fast they could be. */
export function LineStrip() {
  const { plant } = useHeadEnd();
  if (plant.loaded.value && plant.lines.value.length === 0) return null;
  return (
    <section class="line-strip" aria-label={t("nav.lines")}>
      {plant.lines.value.map((line) => (
        <LineCell key={line.name} line={line} />
      ))}
    </section>
  );
}

function LineCell({ line }: { line: Line }) {
  return (
    <a class="line-cell" href="#/lines">
      <span class="line-name">
        <span class={`dot ${line.up ? "live" : "offline"}`} aria-hidden="true" />
        {line.name}
        <span class="line-state">
          {line.up ? t("line.online", { n: line.online, of: line.meters }) : t("line.down")}
        </span>
      </span>
      <LineGauge line={line} />
      <span class="line-figures">
        <span>{format.percent(line.utilisation)}</span>
        <span>
          {t("line.cycle")} <b>{format.seconds(line.last_cycle_seconds)}</b>
        </span>
        <span>
          {t("line.bound")} <b>{format.seconds(line.bound_seconds)}</b>
        </span>
      </span>
    </a>
  );
}
