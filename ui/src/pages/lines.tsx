import type { Line, LineCounters } from "../api/wire";
import * as format from "../format";
import { useHeadEnd } from "../parts/context";
import { LineGauge } from "../parts/line-gauge";
import { meterAddress } from "../router";
import { maybe, t, type Word } from "../words";

export function LinesPage() {
  const { plant } = useHeadEnd();
  const lines = plant.lines.value;
  return (
    <main class="lines-page">
      <h1 class="hidden">{t("nav.lines")}</h1>
      {lines.length === 0 && (
        <p class="nothing">{t(plant.loaded.value ? "lines.none" : "overview.loading")}</p>
      )}
      {lines.map((line) => (
        <LinePanel key={line.name} line={line} />
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
        <Discarded counters={line.counters} />
        <Counters counters={line.counters} />
      </div>
      <BusMap line={line} />
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

/** Every meter of the line by its unit id, so that a fault shows where on the bus it is. */
function BusMap({ line }: { line: Line }) {
  const { plant } = useHeadEnd();
  const meters = [...plant.meters.value.values()]
    .filter(({ info }) => info.value.line === line.name)
    .sort((a, b) => (a.info.value.unit_id ?? 0) - (b.info.value.unit_id ?? 0));
  if (meters.length === 0) return null;
  return (
    <nav class="bus-map" aria-label={t("line.map", { line: line.name })}>
      {meters.map((meter) => {
        const text = `${meter.title}: ${t(`state.${meter.standing.value}`)}`;
        return (
          <a
            key={meter.serial}
            class={meter.standing.value}
            href={meterAddress(meter.serial)}
            title={text}
            aria-label={text}
          >
            {meter.info.value.unit_id}
          </a>
        );
      })}
    </nav>
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

function Discarded({ counters }: { counters: LineCounters }) {
  const reasons = Object.entries(counters.discarded)
    .filter(([, amount]) => amount > 0)
    .sort(([, a], [, b]) => b - a);
  const most = Math.max(1, ...reasons.map(([, amount]) => amount));
  return (
    <div class="discarded">
      <h3 class="label">{t("line.discarded")}</h3>
      {reasons.length === 0 ? (
        <p class="note">{t("line.discarded.none")}</p>
      ) : (
        <dl class="ruler-list">
          {reasons.map(([reason, amount]) => (
            <div key={reason}>
              <dt>{maybe(`discarded.${reason}`) ?? reason}</dt>
              <dd class="bar-cell" aria-hidden="true">
                <span style={{ transform: `scaleX(${amount / most})` }} />
              </dd>
              <dd>{format.count(amount)}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

function Counters({ counters }: { counters: LineCounters }) {
  const figures: [Word, string, boolean][] = [
    ["counter.requests", format.count(counters.requests), false],
    ["counter.replies", format.count(counters.replies), false],
    ["counter.timeouts", format.count(counters.timeouts), counters.timeouts > 0],
    ["counter.exceptions", format.count(counters.exceptions), counters.exceptions > 0],
    ["counter.reconnects", format.count(counters.reconnects), counters.reconnects > 0],
    ["counter.bytes-out", format.bytes(counters.bytes_out), false],
    ["counter.bytes-in", format.bytes(counters.bytes_in), false],
    ["counter.busy", format.seconds(counters.busy_seconds), false],
  ];
  return (
    <dl class="counters">
      {figures.map(([word, text, notable]) => (
        <div key={word}>
          <dt>{t(word)}</dt>
          <dd class={notable ? "warn-text" : ""}>{text}</dd>
        </div>
      ))}
    </dl>
  );
}
