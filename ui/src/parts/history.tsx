import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { HistoryRow } from "../api/wire";
import * as format from "../format";
import * as history from "../plant/history";
import { readingsPath } from "../plant/loading";
import type { MeterModel } from "../plant/meter";
import { t } from "../words";
import { Chart } from "./chart";
import { ChartMessage } from "./chart-message";
import { useHeadEnd } from "./context";
import { CSVButton } from "./csv-button";
import { Segments } from "./segments";
import { type Loaded, useLoaded } from "./use-loaded";

const LIMIT = "10000";

interface Properties {
  meter: MeterModel;
  /** The OBIS code whose history is shown. */
  code: string;
  onCode: (code: string) => void;
}

/** `end` is when it was asked for, seconds since 1970. */
interface Stored {
  rows: HistoryRow[];
  end: number;
}

/** Mean, minimum and maximum of one quantity over a longer time; of energy, what was used. */
export function History({ meter, code, onCode }: Properties) {
  const { rest, now } = useHeadEnd();
  const range = useSignal<history.Range>("hour");
  const { loaded } = useLoaded(async (): Promise<Stored> => {
    const asked = now.peek();
    const query = { ...history.queryOf(code, range.peek(), asked), limit: LIMIT };
    return { rows: await rest.all(readingsPath(meter), query), end: asked / 1_000 };
  }, [meter, code, range.value]);
  return (
    <section class="history panel" aria-label={t("history.title")}>
      <div class="bar">
        <h2 class="label">{t("history.title")}</h2>
        <QuantityChoice meter={meter} code={code} onCode={onCode} />
        <span class="spring" />
        <Segments
          label={t("history.range")}
          options={history.ranges.map((key) => [key, t(`range.${key}`)] as const)}
          chosen={range.value}
          onChoose={(key) => {
            range.value = key;
          }}
        />
        <CSVButton
          path={readingsPath(meter)}
          query={() => history.queryOf(code, range.peek(), now.peek())}
          name={`${meter.serial}-${code}-${range.value}`}
        />
      </div>
      <Drawn meter={meter} code={code} range={range.value} loaded={loaded.value} />
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
  loaded: Loaded<Stored>;
}

function Drawn({ meter, code, range, loaded }: DrawnProperties) {
  const { now } = useHeadEnd();
  const reading = meter.latest.value.get(code);
  const unit = reading?.unit ?? "";
  const counter = history.isCounter(code);
  const columns = useMemo(
    () =>
      history.columnsOf(
        loaded && "value" in loaded ? loaded.value.rows : [],
        counter,
        history.stepOf(code, range),
      ),
    [loaded, code, range],
  );
  const data = useSignal(columns);
  const end = useSignal(0);
  data.value = columns;
  end.value = loaded && "value" in loaded ? loaded.value.end : now.peek() / 1_000;
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
        <ChartMessage loaded={loaded} count={columns[0].length} />
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
