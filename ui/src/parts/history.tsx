import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { HistoryRow } from "../api/wire";
import * as format from "../format";
import * as history from "../plant/history";
import { readingsPath } from "../plant/loading";
import type { MeterModel } from "../plant/meter";
import { t } from "../words";
import { Chart } from "./chart";
import { useHeadEnd } from "./context";
import { CSVButton } from "./csv-button";

const LIMIT = "10000";

interface Properties {
  meter: MeterModel;
  /** The OBIS code whose history is shown. */
  code: string;
  onCode: (code: string) => void;
}

/** `end` is when it was asked for, seconds since 1970. */
type Loaded = { rows: HistoryRow[]; end: number } | { failed: true } | null;

/** Mean, minimum and maximum of one quantity over a longer time; of energy, what was used. */
export function History({ meter, code, onCode }: Properties) {
  const range = useSignal<history.Range>("hour");
  const loaded = useLoaded(meter, code, range.value).value;
  return (
    <section class="history panel" aria-label={t("history.title")}>
      <div class="bar">
        <h2 class="label">{t("history.title")}</h2>
        <QuantityChoice meter={meter} code={code} onCode={onCode} />
        <span class="spring" />
        <div class="segments" role="group" aria-label={t("history.range")}>
          {history.ranges.map((key) => (
            <button
              key={key}
              type="button"
              aria-pressed={range.value === key}
              onClick={() => {
                range.value = key;
              }}
            >
              {t(`range.${key}`)}
            </button>
          ))}
        </div>
        <CSVButton meter={meter} code={code} range={range.value} />
      </div>
      <Drawn meter={meter} code={code} range={range.value} loaded={loaded} />
    </section>
  );
}

function QuantityChoice({ meter, code, onCode }: Properties) {
  return (
    <select
      class="field"
      aria-label={t("history.quantity")}
      value={code}
      onChange={(event) => onCode(event.currentTarget.value)}
    >
      {[...meter.latest.value.values()]
        .filter(({ value }) => typeof value !== "string")
        .map(({ obis, label, unit }) => (
          <option key={obis} value={obis}>
            {label} {unit && `(${unit})`}
          </option>
        ))}
    </select>
  );
}

interface DrawnProperties extends Omit<Properties, "onCode"> {
  range: history.Range;
  loaded: Loaded;
}

function Drawn({ meter, code, range, loaded }: DrawnProperties) {
  const { now } = useHeadEnd();
  const reading = meter.latest.value.get(code);
  const unit = reading?.unit ?? "";
  const counter = history.isCounter(code);
  const columns = useMemo(
    () =>
      history.columnsOf(
        loaded && "rows" in loaded ? loaded.rows : [],
        counter,
        history.stepOf(code, range),
      ),
    [loaded, code, range],
  );
  const data = useSignal(columns);
  const end = useSignal(0);
  data.value = columns;
  end.value = loaded && "end" in loaded ? loaded.end : now.peek() / 1_000;
  return (
    <>
      <div class="history-body" data-rows={columns[0].length}>
        <Chart
          key={`${code} ${range}`}
          strokes={counter ? [stroke("history.used")] : MEANS}
          kind={counter ? "bars" : "band"}
          unit={unit}
          decimals={format.decimalsOf(unit)}
          data={data}
          span={history.secondsOf(range)}
          end={end}
          label={t("meter.chart", { quantity: reading?.label ?? code })}
        />
        <Message loaded={loaded} />
      </div>
      <Summary summary={history.summaryOf(columns, counter)} unit={unit} />
    </>
  );
}

const stroke = (word: "history.min" | "history.max" | "history.avg" | "history.used") => ({
  label: t(word),
  colour: "signal",
});
const MEANS = [stroke("history.min"), stroke("history.max"), stroke("history.avg")];

function Message({ loaded }: { loaded: Loaded }) {
  if (loaded === null) return <p class="nothing">{t("history.loading")}</p>;
  if ("failed" in loaded) return <p class="nothing">{t("history.failed")}</p>;
  return loaded.rows.length === 0 ? <p class="nothing">{t("history.empty")}</p> : null;
}

function useLoaded(meter: MeterModel, code: string, range: history.Range): ReadonlySignal<Loaded> {
  const { rest, now } = useHeadEnd();
  const loaded = useSignal<Loaded>(null);
  useEffect(() => {
    let current = true;
    loaded.value = null;
    const asked = now.peek();
    const query = { ...history.queryOf(code, range, asked), limit: LIMIT };
    rest.all<HistoryRow>(readingsPath(meter), query).then(
      (rows) => {
        if (current) loaded.value = { rows, end: asked / 1_000 };
      },
      () => {
        if (current) loaded.value = { failed: true };
      },
    );
    return () => {
      current = false;
    };
  }, [meter, code, range]);
  return loaded;
}

function Summary({ summary, unit }: { summary: history.Summary; unit: string }) {
  const figures: [string, number | null][] =
    "sum" in summary
      ? [[t("history.used.all"), summary.sum]]
      : [
          [t("history.min"), summary.low],
          [t("history.avg"), summary.mean],
          [t("history.max"), summary.high],
        ];
  return (
    <dl class="summary">
      {figures.map(([label, figure]) => (
        <div key={label}>
          <dt class="label">{label}</dt>
          <dd>
            {format.value(figure, unit)} <span class="unit">{unit}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
