import type { Line, LineCounters } from "../api/wire";
import * as format from "../format";
import { BusMap } from "../parts/bus-map";
import { useHeadEnd } from "../parts/context";
import { CounterList } from "../parts/counter-list";
import { LineGauge } from "../parts/line-gauge";
import { ListenerPanel } from "../parts/listener-panel";
import { Reasons } from "../parts/reasons";
import { t, type Word } from "../words";

export function LinesPage() {
  const { plant } = useHeadEnd();
  const lines = plant.lines.value;
  const listeners = plant.listeners.value;
  return (
    <main class="lines-page">
      <h1 class="hidden">{t("nav.lines")}</h1>
      {lines.length + listeners.length === 0 && (
        <p class="nothing">{t(plant.loaded.value ? "lines.none" : "overview.loading")}</p>
      )}
      {lines.map((line) => (
        <LinePanel key={line.name} line={line} />
      ))}
      {listeners.map((listener) => (
        <ListenerPanel key={listener.name} listener={listener} />
      ))}
    </main>
  );
}

function LinePanel({ line }: { line: Line }) {
  return (
    <section class="line-panel panel" aria-label={line.name}>
      <div class="bar">
        <span class={`dot ${line.up ? "live" : "offline"}`} aria-hidden="true" />
        <h2>{line.name}</h2>
        <span class="note">{line.protocol}</span>
        {line.endpoint && <code>{line.endpoint}</code>}
        <span class="spring" />
        <span class={line.up ? "note" : "alarm-text"}>
          {line.up ? t("line.online", { n: line.online, of: line.meters }) : t("line.down")}
        </span>
      </div>
      <div class="line-body">
        <CycleRuler line={line} />
        <Reasons
          title={t("line.discarded")}
          counts={line.counters.discarded}
          words="discarded"
          none={t("line.discarded.none")}
        />
        <Counters counters={line.counters} />
      </div>
      <BusMap name={line.name} />
      {line.advice.length > 0 && (
        <ul class="advice">
          {line.advice.map((text) => (
            <li key={text} class="notice">
              {text}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** What a cycle costs at least, what it took, and what was asked for: on one scale. */
function CycleRuler({ line }: { line: Line }) {
  const marks: [Word, number | null, string][] = [
    ["line.bound.all", line.bound_seconds, "bound"],
    ["line.fast-bound", line.fast_bound_seconds, "fast"],
    ["line.last-cycle", line.last_cycle_seconds, "took"],
    ["line.period", line.period, "period"],
  ];
  const longest = Math.max(...marks.map(([, seconds]) => seconds ?? 0), 0.001) * 1.05;
  return (
    <div class="cycle">
      <div class="utilisation">
        <h3 class="label">{t("line.utilisation.label")}</h3>
        <p class="figure-l">{format.percent(line.utilisation)}</p>
        <LineGauge line={line} />
        <p class={line.demand > 1 ? "warn-text" : "note"}>
          {t("line.demand", { share: format.percent(line.demand) })}
        </p>
      </div>
      <dl class="ruler-list">
        {marks.map(([word, seconds, kind]) => (
          <div key={word} class={kind}>
            <dt>{t(word)}</dt>
            <dd class="bar-cell" aria-hidden="true">
              <span style={{ transform: `scaleX(${(seconds ?? 0) / longest})` }} />
            </dd>
            <dd>{format.seconds(seconds)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Counters({ counters }: { counters: LineCounters }) {
  return (
    <CounterList
      figures={[
        ["counter.requests", format.count(counters.requests)],
        ["counter.replies", format.count(counters.replies)],
        ["counter.timeouts", format.count(counters.timeouts), counters.timeouts > 0],
        ["counter.exceptions", format.count(counters.exceptions), counters.exceptions > 0],
        ["counter.reconnects", format.count(counters.reconnects), counters.reconnects > 0],
        ["counter.bytes-out", format.bytes(counters.bytes_out)],
        ["counter.bytes-in", format.bytes(counters.bytes_in)],
        ["counter.busy", format.seconds(counters.busy_seconds)],
      ]}
    />
  );
}
