import type { Line } from "../api/wire";
import type { Listener } from "../api/wire-cosem";
import * as format from "../format";
import { t } from "../words";
import { useHeadEnd } from "./context";
import { LineGauge } from "./line-gauge";

/** The lines in one row of the overview: busy, how fast, how fast they could be; and who dialled in. */
export function LineStrip() {
  const { plant } = useHeadEnd();
  const lines = plant.lines.value;
  const listeners = plant.listeners.value;
  if (plant.loaded.value && lines.length + listeners.length === 0) return null;
  return (
    <section class="line-strip" aria-label={t("nav.lines")}>
      {lines.map((line) => (
        <LineCell key={line.name} line={line} />
      ))}
      {listeners.map((listener) => (
        <ListenerCell key={listener.name} listener={listener} />
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

function ListenerCell({ listener }: { listener: Listener }) {
  return (
    <a class="line-cell" href="#/lines">
      <span class="line-name">
        <span class="dot live" aria-hidden="true" />
        {listener.name}
        <span class="line-state">
          {t("line.online", { n: listener.online, of: listener.meters })}
        </span>
      </span>
      <span class="line-figures">
        <span />
        <span>
          {t("listener.connections")} <b>{format.count(listener.connections)}</b>
        </span>
      </span>
    </a>
  );
}
