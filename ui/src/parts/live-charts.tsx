import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { HistoryRow } from "../api/wire";
import * as format from "../format";
import { charted } from "../plant/figures";
import { readingsPath } from "../plant/loading";
import type { MeterModel } from "../plant/meter";
import { type Columns, Recording } from "../plant/recording";
import { t, type Word } from "../words";
import { Chart } from "./chart";
import { useHeadEnd } from "./context";

const SPAN = 600;
const GROUP = "live";
const PHASE_COLOURS = ["l1", "l2", "l3"];

/** Power, voltage and current of the last minutes, going on as values come in. */
export function LiveCharts({ meter }: { meter: MeterModel }) {
  // The set of codes a meter gives settles after the first full cycle; then this stays the same.
  const codes = useComputed(() => JSON.stringify(charted(meter.latest.value)));
  const { power, voltage, current } = JSON.parse(codes.value) as ReturnType<typeof charted>;
  return (
    <section class="live-charts panel" aria-label={t("meter.live")}>
      <LiveChart key={`p${power}`} meter={meter} codes={power} word="quantity.power" unit="kW" />
      <LiveChart
        key={`v${voltage}`}
        meter={meter}
        codes={voltage}
        word="quantity.voltage"
        unit="V"
      />
      <LiveChart
        key={`c${current}`}
        meter={meter}
        codes={current}
        word="quantity.current"
        unit="A"
      />
    </section>
  );
}

interface Properties {
  meter: MeterModel;
  codes: string[];
  word: Word;
  unit: string;
}

function LiveChart({ meter, codes, word, unit }: Properties) {
  const { now } = useHeadEnd();
  const recording = useMemo(() => new Recording(codes, SPAN), []);
  const data = useSignal<Columns>(recording.columns());
  const end = useComputed(() => now.value / 1_000);
  usePrefill(meter, recording, () => {
    data.value = recording.columns();
  });
  useSignalEffect(() => {
    if (recording.take(meter.latest.value)) data.value = recording.columns();
  });
  const strokes = codes.map((_, index) =>
    codes.length > 1
      ? { label: `L${index + 1}`, colour: PHASE_COLOURS[index] ?? "signal" }
      : { label: "", colour: "signal" },
  );
  return (
    <figure class="live-chart" data-points={data.value[0].length}>
      <figcaption>
        <h3 class="label">
          {t(word)} <span class="unit">{unit}</span>
        </h3>
        {codes.length > 1 && (
          <ul class="legend">
            {strokes.map(({ label, colour }) => (
              <li key={label} class={colour}>
                {label}
              </li>
            ))}
          </ul>
        )}
      </figcaption>
      {codes.length === 0 ? (
        <p class="nothing">
          {t(meter.latest.value.size > 0 ? "meter.not-measured" : "meter.no-value")}
        </p>
      ) : (
        <Chart
          strokes={strokes}
          unit={unit}
          decimals={format.decimalsOf(unit)}
          data={data}
          span={SPAN}
          end={end}
          group={GROUP}
          label={t("meter.chart", { quantity: t(word) })}
        />
      )}
    </figure>
  );
}

/** What the head end already has of these minutes; without it the chart starts empty and grows. */
function usePrefill(meter: MeterModel, recording: Recording, done: () => void): void {
  const { rest, now } = useHeadEnd();
  useEffect(() => {
    if (recording.codes.length === 0) return;
    const from = new Date(now.peek() - SPAN * 1_000).toISOString();
    rest.all<HistoryRow>(readingsPath(meter), { obis: recording.codes, from, limit: "10000" }).then(
      (rows) => {
        recording.prefill(rows);
        done();
      },
      () => undefined,
    );
  }, []);
}
