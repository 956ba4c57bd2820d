import { describe, expect, it } from "vitest";
import type { HistoryRow, Reading } from "../src/api/wire";
import { columnsOf, isCounter, queryOf, stepOf, summaryOf } from "../src/plant/history";
import { Recording } from "../src/plant/recording";
import { Trace } from "../src/plant/trace";

const at = (second: number): string => new Date(second * 1_000).toISOString();

describe("Trace", () => {
  it("takes only what is newer", () => {
    const trace = new Trace(100);
    expect([trace.push(1, 10), trace.push(1, 11), trace.push(0, 9), trace.push(2, 12)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(trace.values).toEqual([10, 12]);
  });

  it("forgets what is older than its span", () => {
    const trace = new Trace(100);
    for (let second = 0; second < 1_000; second += 1) trace.push(second, second);
    expect(trace.times[0]).toBeGreaterThanOrEqual(1_000 - 100 - 65);
    expect(trace.times.length).toBeLessThanOrEqual(165);
    expect(trace.last).toBe(999);
  });

  it("puts history in front without repeating what came in live", () => {
    const trace = new Trace(100);
    trace.push(50, 5);
    trace.prepend([30, 40, 50, 60], [3, 4, 99, 99]);
    expect([trace.times, trace.values]).toEqual([
      [30, 40, 50],
      [3, 4, 5],
    ]);
  });

  it("knows the value at a time, between samples too", () => {
    const trace = new Trace(100);
    for (const second of [10, 20, 30]) trace.push(second, second);
    expect([5, 10, 19, 30, 99].map((time) => trace.at(time))).toEqual([null, 10, 19, 30, 30]);
  });
});

describe("Recording", () => {
  const codes = ["a", "b"];
  const latest = (second: number, a: number | null, b: number | null) =>
    new Map(
      [a, b].map((value, index): [string, Reading] => {
        const obis = codes[index] ?? "";
        return [
          obis,
          { obis, quantity: "", label: "", value, unit: "", quality: "good", at: at(second) },
        ];
      }),
    );

  it("grows with each newer sample", () => {
    const recording = new Recording(codes, 60);
    expect(recording.take(latest(1, 10, 20))).toBe(true);
    expect(recording.take(latest(1, 10, 20))).toBe(false);
    expect(recording.take(latest(2, 11, null))).toBe(true);
    expect(recording.columns()).toEqual([
      [1, 2],
      [10, 11],
      [20, null],
    ]);
  });

  it("draws a break as a gap", () => {
    const recording = new Recording(codes, 600);
    for (const second of [1, 2, 3, 60, 61]) recording.take(latest(second, second, 0));
    const [times, a] = recording.columns();
    expect(times).toEqual([1, 2, 3, 7, 60, 61]);
    expect(a).toEqual([1, 2, 3, null, 60, 61]);
  });

  it("joins stored phases that lie milliseconds apart", () => {
    const recording = new Recording(codes, 600);
    recording.take(latest(10, 3, 4));
    const row = (obis: string, second: number, value: number): HistoryRow => ({
      obis,
      at: at(second),
      value,
      unit: "",
    });
    recording.prefill([row("a", 1, 1), row("a", 9, 2), row("a", 10, 99), row("b", 1.01, 7)]);
    expect(recording.columns()).toEqual([
      [1, 1.01, 9, 10],
      [1, 1, 2, 3],
      [null, 7, 7, 4],
    ]);
  });

  it("forgets what has left the chart", () => {
    const recording = new Recording(codes, 10);
    for (let second = 0; second <= 30; second += 1) recording.take(latest(second, second, 0));
    expect(recording.columns()[0]).toEqual(Array.from({ length: 11 }, (_, index) => 20 + index));
  });
});

describe("history", () => {
  const ENERGY = "1.0.1.8.0.255";
  const POWER = "1.0.1.7.0.255";

  it("asks for steps that fit the range and the kind of quantity", () => {
    expect(isCounter(ENERGY)).toBe(true);
    expect(isCounter(POWER)).toBe(false);
    expect(queryOf(POWER, "day", 86_400_000)).toEqual({
      obis: POWER,
      resolution: "minute",
      from: at(0),
    });
    expect(queryOf(ENERGY, "day", 86_400_000)["resolution"]).toBe("hour");
    expect(stepOf(ENERGY, "week")).toBe(86_400);
  });

  it("draws minimum, maximum and mean, and breaks as gaps", () => {
    const rows: HistoryRow[] = [0, 60, 240].map((second) => ({
      obis: POWER,
      unit: "kW",
      at: at(second),
      value: 2,
      min: 1,
      max: second === 60 ? 9 : 3,
    }));
    const columns = columnsOf(rows, false, 60);
    expect(columns).toEqual([
      [0, 60, 120, 240],
      [1, 1, null, 1],
      [3, 9, null, 3],
      [2, 2, null, 2],
    ]);
    expect(summaryOf(columns, false)).toEqual({ low: 1, mean: 2, high: 9 });
  });

  it("draws what was used of a counter, and adds it up", () => {
    const rows = [5, null, 7].map((change, index) => ({
      obis: ENERGY,
      unit: "kWh",
      at: at(index * 3_600),
      value: 100,
      change,
    }));
    const columns = columnsOf(rows, true, 3_600);
    expect(columns).toEqual([
      [0, 3_600, 7_200],
      [5, null, 7],
    ]);
    expect(summaryOf(columns, true)).toEqual({ sum: 12 });
  });

  it("says nothing of nothing", () => {
    expect(summaryOf(columnsOf([], false, 60), false)).toEqual({
      low: null,
      mean: null,
      high: null,
    });
    expect(summaryOf(columnsOf([], true, 60), true)).toEqual({ sum: null });
  });
});
