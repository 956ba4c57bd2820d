import type { HistoryRow } from "../api/wire";
import type { Latest } from "./figures";

/** Columns as uPlot draws them: seconds since 1970, then one list of values a series. */
export type Columns = [number[], ...(number | null)[][]];

/** A break longer than this many usual steps is drawn as a gap, not bridged by a line. */
const GAP_STEPS = 4;
const GAP_AT_LEAST_S = 8;

/** Several quantities of one meter over the last minutes, on one time axis. */
export class Recording {
  private times: number[] = [];
  private rows: (number | null)[][] = [];

  constructor(
    readonly codes: readonly string[],
    private readonly span: number,
  ) {}

  /** Appends the present values, if any of them is newer than what is there. */
  take(latest: Latest): boolean {
    const readings = this.codes.map((code) => latest.get(code));
    const at =
      Math.max(...readings.map((reading) => (reading ? Date.parse(reading.at) : 0))) / 1_000;
    if (at <= (this.times[this.times.length - 1] ?? 0)) return false;
    this.times.push(at);
    this.rows.push(readings.map((reading) => numeric(reading?.value)));
    while ((this.times[0] ?? at) < at - this.span) {
      this.times.shift();
      this.rows.shift();
    }
    return true;
  }

  /** Puts stored rows in front of what came in live. */
  prefill(history: readonly HistoryRow[]): void {
    const oldest = this.times[0] ?? Number.POSITIVE_INFINITY;
    const moments = new Map<number, (number | null)[]>();
    for (const { obis, at, value } of history) {
      const time = Date.parse(at) / 1_000;
      const row = moments.get(time) ?? this.codes.map(() => null);
      row[this.codes.indexOf(obis)] = numeric(value);
      moments.set(time, row);
    }
    const earlier = [...moments].filter(([time]) => time < oldest).sort(([a], [b]) => a - b);
    this.times.unshift(...earlier.map(([time]) => time));
    this.rows.unshift(...carried(earlier.map(([, row]) => row)));
  }

  columns(): Columns {
    const gap = Math.max(GAP_AT_LEAST_S, GAP_STEPS * usualStep(this.times));
    const times: number[] = [];
    const rows: (number | null)[][] = [];
    this.times.forEach((time, index) => {
      const before = times[times.length - 1];
      if (before !== undefined && time - before > gap) {
        times.push(before + gap / 2);
        rows.push(this.codes.map(() => null));
      }
      times.push(time);
      rows.push(this.rows[index] ?? []);
    });
    return [times, ...this.codes.map((_, column) => rows.map((row) => row[column] ?? null))];
  }
}

/** The usual time between two samples: the median. */
export function usualStep(times: readonly number[]): number {
  const steps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  return steps.sort((a, b) => a - b)[steps.length >> 1] ?? 0;
}

/** Phases of one meter are stored a few milliseconds apart: each row keeps the others' last value. */
function carried(rows: (number | null)[][]): (number | null)[][] {
  let before: (number | null)[] = [];
  return rows.map((row) => {
    before = row.map((value, column) => value ?? before[column] ?? null);
    return before;
  });
}

/** A number that can be drawn, or the lack of one. */
export const numeric = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;
