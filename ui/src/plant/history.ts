import type { HistoryRow } from "../api/wire";
import { type Columns, numeric } from "./recording";

const STEPS = { minute: 60, hour: 3_600, day: 86_400, month: 30.4 * 86_400 } as const;
type Resolution = keyof typeof STEPS;

/**
 * How far back a history goes, and in which steps that is legible: finer for what is measured,
 * coarser for energy, of which is shown what was used in each step.
 */
const RANGES = {
  hour: { seconds: 3_600, measured: "minute", counted: "minute" },
  day: { seconds: 86_400, measured: "minute", counted: "hour" },
  week: { seconds: 7 * 86_400, measured: "hour", counted: "day" },
  month: { seconds: 31 * 86_400, measured: "hour", counted: "day" },
  year: { seconds: 366 * 86_400, measured: "day", counted: "month" },
} as const;
export type Range = keyof typeof RANGES;
export const ranges = Object.keys(RANGES) as Range[];

export function queryOf(obis: string, range: Range, now: number): Record<string, string> {
  const from = new Date(now - RANGES[range].seconds * 1_000).toISOString();
  return { obis, resolution: resolutionOf(obis, range), from };
}

export const secondsOf = (range: Range): number => RANGES[range].seconds;

/** Seconds from one row to the next. */
export const stepOf = (obis: string, range: Range): number => STEPS[resolutionOf(obis, range)];

const resolutionOf = (obis: string, range: Range): Resolution =>
  RANGES[range][isCounter(obis) ? "counted" : "measured"];

/** Whether a quantity only ever grows (IEC 62056-6-1: electricity, group D = 8). */
export const isCounter = (obis: string): boolean => /^1\.\d+\.\d+\.8\./.test(obis);

/** Time and what was used (a counter), or time, minimum, maximum and mean; breaks stay breaks. */
export function columnsOf(rows: readonly HistoryRow[], counter: boolean, step: number): Columns {
  const times: number[] = [];
  const values: (number | null)[][] = [];
  for (const row of rows) {
    const time = Date.parse(row.at) / 1_000;
    const before = times[times.length - 1];
    if (!counter && before !== undefined && time - before > 1.5 * step) {
      times.push(before + step);
      values.push([null, null, null]);
    }
    times.push(time);
    values.push(
      counter ? [row.change ?? null] : [numeric(row.min), numeric(row.max), numeric(row.value)],
    );
  }
  return [times, ...columns(values, counter ? 1 : 3)];
}

const columns = (rows: (number | null)[][], count: number): (number | null)[][] =>
  Array.from({ length: count }, (_, column) => rows.map((row) => row[column] ?? null));

export type Summary =
  | { sum: number | null }
  | { low: number | null; mean: number | null; high: number | null };

export function summaryOf([, ...drawn]: Columns, counter: boolean): Summary {
  const [first = [], highs = [], means = []] = drawn.map((column) =>
    column.filter((value) => value !== null),
  );
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  if (counter) return { sum: first.length ? sum(first) : null };
  return {
    low: first.length ? Math.min(...first) : null,
    mean: means.length ? sum(means) / means.length : null,
    high: highs.length ? Math.max(...highs) : null,
  };
}
