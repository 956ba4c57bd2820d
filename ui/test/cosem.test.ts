import { signal } from "@preact/signals";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Rest } from "../src/api/rest";
import type { Job, Meter, Reading } from "../src/api/wire";
import type { ProfileColumn, RelayStatus } from "../src/api/wire-cosem";
import { measured } from "../src/format";
import { credit } from "../src/plant/figures";
import { resultOf } from "../src/plant/job-result";
import { meterPath } from "../src/plant/loading";
import { outline } from "../src/plant/outline";
import { Plant } from "../src/plant/plant";
import {
  chartsOf,
  coloursOf,
  columnsOf,
  drawable,
  firstChoice,
  keyOf,
  loadRows,
  type Profile,
} from "../src/plant/profile";
import { RELAY, readBack, relayOf } from "../src/plant/relay";
import { matching } from "../src/plant/search";
import { digitsOf, flawOf, grouped } from "../src/plant/token";

const NOON = Date.parse("2026-11-20T12:00:00Z");
const moment = (minutes: number) => new Date(NOON + minutes * 60_000).toISOString();

function column(obis: string, unit: string, class_id = 3): ProfileColumn {
  return { class_id, obis, attribute: 2, data_index: 0, name: obis, unit };
}

const CLOCK = column("0.0.1.0.0.255", "", 8);
const ENERGY = column("1.0.1.8.0.255", "kWh");
const L1 = column("1.0.32.7.0.255", "V");
const L2 = column("1.0.52.7.0.255", "V");
const CURRENT = column("1.0.31.7.0.255", "A");

const profile = (rows: [number, ...(number | string | null)[]][]): Profile => ({
  columns: [CLOCK, ENERGY, L1, L2],
  rows: rows.map(([minutes, ...values]) => ({ at: moment(minutes), values: ["text", ...values] })),
});

describe("profile", () => {
  const kept = profile([
    [0, 100, 230, 231],
    [15, 101.5, 229, null],
    [30, 101.5, 228, 230],
    [90, 3, 227, 229],
  ]);

  it("offers what can be drawn, and begins with what has a unit", () => {
    const offered = drawable(kept);
    expect(offered).toEqual([ENERGY, L1, L2]);
    const factor = column("1.0.13.7.0.255", "");
    expect(firstChoice([factor, ...offered])).toEqual(offered.map(keyOf));
    expect(firstChoice([factor])).toEqual([keyOf(factor)]);
    expect(drawable({ columns: kept.columns, rows: [] })).toEqual([]);
  });

  it("draws what shares a unit together, and every counter alone", () => {
    const columns = [ENERGY, L1, CURRENT, L2, column("1.0.2.8.0.255", "kWh")];
    const charts = chartsOf(columns, new Set(columns.map(keyOf)));
    expect(charts.map(({ unit, counter, columns: own }) => [unit, counter, own.length])).toEqual([
      ["kWh", true, 1],
      ["V", false, 2],
      ["A", false, 1],
      ["kWh", true, 1],
    ]);
    expect(chartsOf(columns, new Set())).toEqual([]);
  });

  it("shows of a counter what was used, and nothing where it was set back", () => {
    const [chart] = chartsOf([ENERGY], new Set([keyOf(ENERGY)]));
    if (!chart) throw new Error("there is no chart");
    const [times, used] = columnsOf(kept, chart);
    expect(times[0]).toBe(NOON / 1_000);
    expect(used).toEqual([null, 1.5, 0, null]);
  });

  it("leaves a gap where rows are missing", () => {
    const [chart] = chartsOf([L1, L2], new Set([keyOf(L1), keyOf(L2)]));
    if (!chart) throw new Error("there is no chart");
    const [times, first, second] = columnsOf(kept, chart);
    expect(first).toEqual([230, 229, 228, null, 227]);
    expect(second).toEqual([231, null, 230, null, 229]);
    expect(times).toHaveLength(5);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
  });

  it("gives phases their colours, and no two columns the same", () => {
    expect(coloursOf([L1, L2, column("1.0.72.7.0.255", "V")])).toEqual(["l1", "l2", "l3"]);
    expect(coloursOf([column("1.0.1.7.0.255", "kW")])).toEqual(["signal"]);
    const many = coloursOf([L1, L1, L1, L2, CURRENT]);
    expect(new Set(many).size).toBe(many.length);
  });

  it("is loaded page by page to its end", async () => {
    const pages = [
      { columns: [L1], rows: [{ at: moment(0), values: [1] }], next: "15" },
      { columns: [L1], rows: [{ at: moment(15), values: [2] }], next: null },
    ];
    const asked: URL[] = [];
    vi.stubGlobal("fetch", async (address: URL) => {
      asked.push(address);
      return new Response(JSON.stringify(pages.shift()));
    });
    const rest = new Rest(
      new URL("http://head.end/api/v1/"),
      () => "secret",
      () => {},
    );
    const loaded = await loadRows(rest, "meters/1/profiles/1.0.99.1.0.255", NOON, NOON + 3_600_000);
    expect(loaded.rows.map(({ values }) => values)).toEqual([[1], [2]]);
    expect(asked.map(({ searchParams }) => searchParams.get("cursor"))).toEqual([null, "15"]);
    expect(asked[1]?.searchParams.get("from")).toBe(moment(0));
    vi.unstubAllGlobals();
  });
});

describe("token", () => {
  it("stands in fours, whatever was typed between the digits", () => {
    expect(grouped("12345-678 9")).toBe("1234 5678 9");
    expect(grouped("12345678")).toBe("1234 5678");
    expect(digitsOf(grouped("1234 5678 9012 3456 7890"))).toBe("12345678901234567890");
  });

  it("is 20 digits, and never cut to be", () => {
    expect(flawOf("1234567890123456789")).toBe("length");
    expect(flawOf(digitsOf(grouped("123456789012345678901")))).toBe("length");
    expect(flawOf("")).toBe("length");
  });

  it("is a number of 66 bits", () => {
    expect(flawOf(String(2n ** 66n - 1n))).toBeNull();
    expect(flawOf(String(2n ** 66n))).toBe("range");
    expect(flawOf("00000000000000000000")).toBeNull();
  });
});

describe("a prepayment meter", () => {
  const meter: Meter = {
    serial: "46000755036",
    driver: "hexcell-ddsy1088",
    line: "gprs",
    unit_id: null,
    area: "IKD",
    status: "online",
  };
  let plant: Plant;
  const now = signal(NOON);

  const reading = (obis: string, value: number, minutes = 0): Reading => ({
    obis,
    quantity: obis,
    value,
    unit: "kWh",
    quality: "good",
    at: moment(minutes),
  });

  const model = () => {
    const found = plant.meters.value.get(meter.serial);
    if (!found) throw new Error("there is no such meter");
    return found;
  };

  const job = (result: unknown): Job => ({
    id: "1",
    kind: "relay",
    user: "demo",
    arguments: {},
    state: "confirmed",
    steps: [{ state: "confirmed", at: moment(5), detail: "" }],
    result,
  });

  beforeEach(() => {
    now.value = NOON;
    plant = new Plant(now);
    plant.place([meter]);
  });

  it("is of COSEM objects if its driver says so", () => {
    expect(plant.speaksDLMS(model())).toBe(false);
    plant.drivers.value = [{ name: "hexcell-ddsy1088", protocol: "dlms", problem: null }];
    expect(plant.speaksDLMS(model())).toBe(true);
  });

  it("that dialled in is as live as the head end says, however seldom it is read", () => {
    plant.take(meter.serial, [reading("1.0.1.7.0.255", 1)]);
    now.value += 3_600_000;
    expect(model().standing.value).toBe("live");
    plant.amend(meter.serial, { status: "offline" });
    expect(model().standing.value).toBe("offline");
  });

  it("tells its relay and its credit", () => {
    expect(relayOf(model())).toBeNull();
    plant.amend(meter.serial, { relay_status: "disconnected" });
    expect(relayOf(model())).toBe("disconnected");
    plant.take(meter.serial, [reading(RELAY, 1), reading("1.0.96.66.0.255", 31.3)]);
    expect(relayOf(model())).toBe("connected");
    expect(credit(model().latest.value)?.value).toBe(31.3);
  });

  it.each<[RelayStatus, number]>([
    ["disconnected", 0],
    ["ready_for_reconnection", 2],
  ])("shows at once that a command read back %s", (relay_status, number) => {
    plant.take(meter.serial, [reading(RELAY, 1)]);
    plant.take(meter.serial, readBack(job({ relay_status })));
    expect(relayOf(model())).toBe(relay_status);
    expect(model().latest.value.get(RELAY)?.value).toBe(number);
    // A poll from before the command does not undo what was read after it.
    plant.take(meter.serial, [reading(RELAY, 1, 4)]);
    expect(relayOf(model())).toBe(relay_status);
  });

  it("takes nothing from a command that read nothing back", () => {
    for (const result of [null, {}, { relay_status: null }, "text"]) {
      expect(readBack(job(result))).toEqual([]);
    }
  });

  it("says what a command found, and no more", () => {
    expect(resultOf(job(null))).toEqual([]);
    expect(resultOf(job({ relay_status: null, output_state: null }))).toEqual([]);
    expect(resultOf(job({ relay_status: "connected" }))).toEqual([["result.relay", "connected"]]);
    const credit = { credit_before: { value: 10, unit: "kWh" }, credit_after: null };
    expect(resultOf(job(credit))).toEqual([["result.credit-before", "10.0 kWh"]]);
    const clock = { before: { time: "2026-11-20T12:00:00", offset: -61.5 }, after: null };
    expect(resultOf(job(clock))).toEqual([
      ["result.clock-before", "2026-11-20T12:00:00 (off by −61.5 s)"],
    ]);
  });

  it("has its parts at addresses of their own", () => {
    const parts = meterPath(model(), "profiles", "1.0.99.1.0.255", "reads");
    expect(parts).toBe("meters/46000755036/profiles/1.0.99.1.0.255/reads");
    plant.place([{ ...meter, serial: "a/b" }]);
    expect(meterPath([...plant.meters.value.values()][0] ?? model(), "relay")).toBe(
      "meters/a%2Fb/relay",
    );
  });
});

describe("matching", () => {
  const items = ["Voltage L1", "Voltage L2", "Current"];
  const found = (text: string) => matching(items, text, (item) => [item, null, 7]);

  it("wants every word, in any spelling", () => {
    expect(found("l2 VOLT")).toEqual(["Voltage L2"]);
    expect(found("7 current")).toEqual(["Current"]);
    expect(found("  ")).toEqual(items);
    expect(found("null")).toEqual([]);
  });
});

describe("measured", () => {
  it("writes a number with its unit, and nothing else", () => {
    expect(measured({ value: 42, unit: "kWh" })).toBe("42.0 kWh");
    expect(measured({ value: 3 })).toBe("3.000");
    for (const other of [null, undefined, 3, "text", {}, { value: "3" }]) {
      expect(measured(other)).toBeNull();
    }
  });
});

describe("outline", () => {
  it("writes what belongs to what, one name a line", () => {
    const explained = {
      layer: "wrapper",
      items: [{ class_id: 3, value: [1, null] }, "text"],
      nothing: [],
    };
    expect(outline(explained).split("\n")).toEqual([
      "layer: wrapper",
      "items:",
      "  - class_id: 3",
      "    value:",
      "      - 1",
      "      - null",
      "  - text",
      "nothing: []",
    ]);
  });

  it("leaves alone what is no tree", () => {
    expect([outline("a"), outline(3), outline(null), outline({})]).toEqual([
      "a",
      "3",
      "null",
      "{}",
    ]);
  });
});
