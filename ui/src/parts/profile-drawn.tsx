import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { ProfileColumn } from "../api/wire-cosem";
import * as format from "../format";
import {
  chartsOf,
  coloursOf,
  columnsOf,
  drawable,
  firstChoice,
  keyOf,
  type Profile,
  type ProfileChart,
} from "../plant/profile";
import { t } from "../words";
import { Chart } from "./chart";
import { ChartMessage } from "./chart-message";
import type { Loaded } from "./use-loaded";

/** The newest rows are enough to be read; the CSV has them all. */
const TABLE_ROWS = 100;

interface Properties {
  loaded: Loaded<Profile>;
  /** Shown are so many seconds up to `end`, in seconds since 1970. */
  span: number;
  end: number;
}

/** The columns of a profile that somebody chose, a chart for each unit. */
export function ProfileDrawn({ loaded, span, end }: Properties) {
  const chosen = useSignal<string[] | null>(null);
  const profile = loaded && "value" in loaded ? loaded.value : null;
  const columns = useMemo(() => (profile ? drawable(profile) : []), [profile]);
  const shown = new Set(chosen.value ?? firstChoice(columns));
  const toggle = (key: string) => {
    chosen.value = shown.has(key) ? [...shown].filter((each) => each !== key) : [...shown, key];
  };
  return (
    <div class="profile-body" data-rows={profile?.rows.length ?? 0}>
      {columns.length > 0 && (
        <fieldset class="chips">
          <legend class="hidden">{t("profile.columns")}</legend>
          {columns.map((column) => (
            <Chip
              key={keyOf(column)}
              column={column}
              on={shown.has(keyOf(column))}
              onToggle={toggle}
            />
          ))}
        </fieldset>
      )}
      <ChartMessage loaded={loaded} count={profile?.rows.length ?? 0} />
      {profile &&
        chartsOf(columns, shown).map((chart) => (
          <ProfileFigure
            key={`${chart.columns.map(keyOf)} ${span}`}
            profile={profile}
            chart={chart}
            span={span}
            end={end}
          />
        ))}
      {profile && profile.rows.length > 0 && <Rows profile={profile} />}
    </div>
  );
}

interface ChipProperties {
  column: ProfileColumn;
  on: boolean;
  onToggle: (key: string) => void;
}

function Chip({ column, on, onToggle }: ChipProperties) {
  return (
    <label class="chip" title={column.obis}>
      <input type="checkbox" checked={on} onChange={() => onToggle(keyOf(column))} />
      {column.name} <span class="unit">{column.unit}</span>
    </label>
  );
}

interface FigureProperties {
  profile: Profile;
  chart: ProfileChart;
  span: number;
  end: number;
}

function ProfileFigure({ profile, chart, span, end }: FigureProperties) {
  const drawn = useMemo(() => columnsOf(profile, chart), [profile, ...chart.columns.map(keyOf)]);
  const data = useSignal(drawn);
  const right = useSignal(end);
  data.value = drawn;
  right.value = end;
  const colours = chart.counter ? ["signal" as const] : coloursOf(chart.columns);
  const strokes = chart.columns.map(({ name }, index) => ({
    label: name,
    colour: colours[index] ?? "signal",
  }));
  return (
    <figure class="profile-chart">
      <figcaption>
        <h3 class="label">
          {chart.counter ? t("profile.used", { name: chart.columns[0]?.name ?? "" }) : ""}{" "}
          <span class="unit">{chart.unit}</span>
        </h3>
        {!chart.counter && (
          <ul class="legend">
            {strokes.map(({ label, colour }) => (
              <li key={label} class={colour}>
                {label}
              </li>
            ))}
          </ul>
        )}
      </figcaption>
      <Chart
        strokes={strokes}
        kind={chart.counter ? "bars" : "lines"}
        unit={chart.unit}
        decimals={format.decimalsOf(chart.unit)}
        data={data}
        span={span}
        end={right}
        group="profile"
        label={t("meter.chart", { quantity: chart.columns.map(({ name }) => name).join(", ") })}
      />
    </figure>
  );
}

/** The class of clocks (IEC 62056-6-2, 4.5.1): every row has its time already. */
const CLOCK = 8;

function Rows({ profile: { columns, rows } }: { profile: Profile }) {
  const shown = columns
    .map((column, place) => ({ column, place }))
    .filter(({ column }) => column.class_id !== CLOCK);
  return (
    <details class="rows">
      <summary>{t("profile.rows", { n: rows.length })}</summary>
      <div class="scroller">
        <table class="grid">
          <thead>
            <tr>
              <th scope="col">{t("column.time")}</th>
              {shown.map(({ column }) => (
                <th key={keyOf(column)} scope="col" title={column.obis}>
                  {column.name} <span class="unit">{column.unit}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows
              .slice(-TABLE_ROWS)
              .reverse()
              .map(({ at, values }) => (
                <tr key={at}>
                  <th scope="row">{format.dateTime(Date.parse(at))}</th>
                  {shown.map(({ column, place }) => (
                    <td key={keyOf(column)}>{format.value(values[place] ?? null, column.unit)}</td>
                  ))}
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
