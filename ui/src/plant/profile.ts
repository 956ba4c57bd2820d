import type { Rest } from "../api/rest";
import type { ProfileColumn, ProfileRow, ProfileRows } from "../api/wire-cosem";
import { isCounter } from "./history";
import { type Columns, numeric, usualStep } from "./recording";

export type Profile = Omit<ProfileRows, "next">;

/** How far back a profile is shown. */
export const SPANS = { day: 86_400, week: 7 * 86_400, month: 31 * 86_400 } as const;
export type Span = keyof typeof SPANS;
export const spans = Object.keys(SPANS) as Span[];

/** Columns that share a unit are drawn together; of a counter is drawn what was used. */
export interface ProfileChart {
  unit: string;
  counter: boolean;
  columns: ProfileColumn[];
}

const LIMIT = "10000";
const FIRST_SHOWN = 4;
/** A row that comes later than this many steps leaves a gap. */
const GAP_STEPS = 1.5;

/** All rows of a span of time, in milliseconds since 1970, its end not included. */
export async function loadRows(
  rest: Rest,
  path: string,
  from: number,
  to: number,
): Promise<Profile> {
  const span = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  const rows: ProfileRow[] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await rest.get<ProfileRows>(path, { ...span, limit: LIMIT, cursor });
    rows.push(...page.rows);
    if (page.next === null) return { columns: page.columns, rows };
    cursor = page.next;
  }
}

export const keyOf = ({ class_id, obis, attribute, data_index }: ProfileColumn): string =>
  `${class_id}/${obis}/${attribute}/${data_index}`;

/** The columns that hold numbers: clocks and texts cannot be drawn. */
export function drawable({ columns, rows }: Profile): ProfileColumn[] {
  return columns.filter((_, index) => rows.some(({ values }) => numeric(values[index]) !== null));
}

/** What is drawn until somebody chooses: a few of what has a unit. */
export function firstChoice(columns: readonly ProfileColumn[]): string[] {
  const measured = columns.filter(({ unit }) => unit !== "");
  return (measured.length > 0 ? measured : columns).slice(0, FIRST_SHOWN).map(keyOf);
}

export function chartsOf(
  columns: readonly ProfileColumn[],
  chosen: ReadonlySet<string>,
): ProfileChart[] {
  const charts: ProfileChart[] = [];
  for (const column of columns) {
    if (!chosen.has(keyOf(column))) continue;
    const counter = isCounter(column.obis);
    const mate = charts.find((chart) => !counter && !chart.counter && chart.unit === column.unit);
    if (mate) mate.columns.push(column);
    else charts.push({ unit: column.unit, counter, columns: [column] });
  }
  return charts;
}

/** Time and the values of a chart's columns; breaks stay breaks. */
export function columnsOf(profile: Profile, chart: ProfileChart): Columns {
  const places = chart.columns.map((column) =>
    profile.columns.findIndex((each) => keyOf(each) === keyOf(column)),
  );
  const times = profile.rows.map(({ at }) => Date.parse(at) / 1_000);
  const rows = profile.rows.map(({ values }) => places.map((place) => numeric(values[place])));
  return chart.counter ? used(times, rows) : withGaps(times, rows);
}

/** What a counter grew by from row to row; of one that was set back nobody knows. */
function used(times: number[], rows: (number | null)[][]): Columns {
  const grown = rows.map(([value = null], index) => {
    const before = rows[index - 1]?.[0] ?? null;
    return value === null || before === null || value < before ? null : value - before;
  });
  return [times, grown];
}

function withGaps(times: number[], rows: (number | null)[][]): Columns {
  const gap = GAP_STEPS * usualStep(times);
  const drawn: [number, (number | null)[]][] = [];
  times.forEach((time, index) => {
    const before = times[index - 1];
    if (before !== undefined && time - before > gap) drawn.push([before + gap / 2, []]);
    drawn.push([time, rows[index] ?? []]);
  });
  const width = rows[0]?.length ?? 0;
  return [
    drawn.map(([time]) => time),
    ...Array.from({ length: width }, (_, place) => drawn.map(([, row]) => row[place] ?? null)),
  ];
}

const PHASES = ["signal", "l1", "l2", "l3"] as const;
const COLOURS = [...PHASES, "good", "warn", "alarm"] as const;
export type Colour = (typeof COLOURS)[number];

/** A phase in its own colour (IEC 62056-6-1: group C, twenty codes each), and no colour twice. */
export function coloursOf(columns: readonly ProfileColumn[]): Colour[] {
  const taken: Colour[] = [];
  for (const { obis } of columns) {
    const group = Number(obis.split(".")[2]);
    const own: Colour = PHASES[group > 80 ? 0 : Math.floor((group - 1) / 20)] ?? "signal";
    const free = COLOURS.find((colour) => !taken.includes(colour)) ?? own;
    taken.push(taken.includes(own) ? free : own);
  }
  return taken;
}
