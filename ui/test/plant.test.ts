import { signal } from "@preact/signals";
import { describe, expect, it } from "vitest";
import type { Meter, Quality, Reading } from "../src/api/wire";
import { arrange, DEFAULTS, fromQuery, toQuery } from "../src/plant/arrangement";
import { staleAfter, standing } from "../src/plant/freshness";
import { Plant } from "../src/plant/plant";

const NOON = Date.parse("2026-11-20T12:00:00Z");

const meter = (serial: string, more: Partial<Meter> = {}): Meter => ({
  serial,
  name: `Pump ${serial}`,
  driver: "schneider-em",
  line: "bus-1",
  unit_id: 1,
  area: "UTL",
  interval: 5,
  status: "online",
  ...more,
});

const reading = (
  obis: string,
  value: number,
  unit = "kW",
  age = 0,
  quality: Quality = "good",
): Reading => ({
  obis: `1.0.${obis}.255`,
  quantity: obis,
  label: obis,
  value,
  unit,
  quality,
  at: new Date(NOON - age).toISOString(),
});

function plantOf(...meters: Meter[]) {
  const now = signal(NOON);
  const plant = new Plant(now);
  plant.place(meters);
  return { plant, now };
}

describe("Plant", () => {
  it("adds up the meters that are live, and says how many", () => {
    const { plant, now } = plantOf(meter("1"), meter("2"), meter("3", { status: "offline" }));
    plant.take("1", [reading("1.7.0", 10), reading("3.7.0", 3, "kvar")]);
    plant.take("2", [reading("1.7.0", 20), reading("3.7.0", 1, "kvar")]);
    plant.take("3", [reading("1.7.0", 500)]);
    expect(plant.total.value).toMatchObject({ kilowatts: 30, counted: 2 });
    expect(plant.total.value.factor).toBeCloseTo(30 / Math.hypot(30, 4), 9);
    now.value += 60_000;
    expect(plant.total.value.counted).toBe(0);
  });

  it("leaves out what the meter calls not available", () => {
    const { plant } = plantOf(meter("1"), meter("2"));
    plant.take("1", [reading("1.7.0", 10)]);
    plant.take("2", [reading("1.7.0", 7, "kW", 0, "bad")]);
    expect(plant.total.value).toMatchObject({ kilowatts: 10, counted: 1 });
  });

  it("keeps the newer of two readings, whichever came first", () => {
    const { plant } = plantOf(meter("1"));
    plant.take("1", [reading("1.7.0", 2)]);
    plant.take("1", [reading("1.7.0", 1, "kW", 5_000)]);
    expect(plant.meters.value.get("1")?.power.value?.value).toBe(2);
  });

  it("keeps values over a new list, and drops meters that are gone", () => {
    const { plant } = plantOf(meter("1"), meter("2"));
    plant.take("1", [reading("1.7.0", 2)]);
    plant.place([meter("1", { name: "Renamed" })]);
    expect([...plant.meters.value.keys()]).toEqual(["1"]);
    expect(plant.meters.value.get("1")?.title).toBe("Renamed");
    expect(plant.meters.value.get("1")?.power.value?.value).toBe(2);
  });

  it("counts by status, and follows what the feed says of a meter", () => {
    const { plant } = plantOf(meter("1"), meter("2", { status: "unknown" }));
    expect(plant.amend("2", { status: "offline", reason: "no reply" })).toBe(true);
    expect(plant.amend("3", { status: "online" })).toBe(false);
    expect(plant.counts.value).toEqual({ online: 1, offline: 1, unknown: 0 });
  });

  it("knows what was used since midnight of those meters it can", () => {
    const { plant } = plantOf(meter("1"), meter("2"), meter("3"));
    plant.take("1", [reading("1.8.0", 1_010, "kWh")]);
    plant.take("2", [reading("1.8.0", 5, "kWh")]);
    plant.take("3", [reading("1.8.0", 70, "kWh")]);
    plant.midnight.value = new Map([
      ["1", 1_000],
      ["2", 900],
    ]);
    expect(plant.energyToday.value).toEqual({ kilowattHours: 10, counted: 1 });
  });

  it("draws no total of a plant that is only half there", () => {
    const { plant } = plantOf(meter("1"), meter("2"));
    plant.take("1", [reading("1.7.0", 10)]);
    plant.sample();
    expect(plant.shownTotal.value).toMatchObject({ kilowatts: 10, counted: 1 });
    expect(plant.trace.values).toEqual([]);
    plant.take("2", [reading("1.7.0", 20)]);
    plant.sample();
    expect(plant.trace.values).toEqual([30]);
  });

  it("builds the total's past from the meters' own", () => {
    const { plant } = plantOf(meter("1"), meter("2"));
    const end = NOON / 1_000;
    plant.meters.value.get("1")?.trace.prepend([end - 20, end - 10], [1, 2]);
    plant.meters.value.get("2")?.trace.prepend([end - 16, end - 4], [10, 20]);
    plant.retrace();
    const expected = [-16, -14, -12, -10, -8, -6, -4, -2].map(
      (before) => Math.min(2, (before + 30) / 10) + Math.min(20, 10 + ((before + 16) * 10) / 12),
    );
    for (const [index, value] of plant.trace.values.entries()) {
      expect(value).toBeCloseTo(expected[index] ?? 0, 9);
    }
    expect(plant.trace.values).toHaveLength(expected.length);
    expect(plant.trace.times[0]).toBe(end - 16);
  });
});

describe("standing", () => {
  const limit = staleAfter(10);

  it("says offline whatever the age", () =>
    expect(standing("offline", NOON, NOON, limit)).toBe("offline"));
  it("says unknown before the first value", () =>
    expect(standing("online", null, NOON, limit)).toBe("unknown"));
  it("says stale after three missed cycles", () => {
    expect(standing("online", NOON - 30_000, NOON, limit)).toBe("live");
    expect(standing("online", NOON - 30_001, NOON, limit)).toBe("stale");
  });
  it("gives a fast meter some grace", () => expect(staleAfter(0.5)).toBe(15_000));
});

describe("arrange", () => {
  const { plant } = plantOf(
    meter("3", { name: "Pump 10", area: "UTL", panel: "P1" }),
    meter("1", { name: "Pump 9", area: "UTL", room: "Cellar" }),
    meter("2", { name: "Oven", area: "PNT", status: "offline" }),
  );
  plant.take("1", [reading("1.7.0", 5)]);
  plant.take("3", [reading("1.7.0", 50)]);
  const shown = (change: object) =>
    arrange(plant.meters.value.values(), { ...DEFAULTS, ...change }).map(({ key, members }) => [
      key,
      members.map(({ title }) => title),
    ]);

  it("groups by area and sorts names as people do", () =>
    expect(shown({})).toEqual([
      ["PNT", ["Oven"]],
      ["UTL", ["Pump 9", "Pump 10"]],
    ]));
  it("sorts areas by their names", () => {
    const names = new Map([
      ["PNT", "Paint shop"],
      ["UTL", "Energy centre"],
    ]);
    const groups = arrange(
      plant.meters.value.values(),
      DEFAULTS,
      (code) => names.get(code) ?? code,
    );
    expect(groups.map(({ name }) => name)).toEqual(["Energy centre", "Paint shop"]);
  });
  it("sorts by a value, meters without one last", () =>
    expect(shown({ group: "none", sort: "power", descending: true })).toEqual([
      ["", ["Pump 10", "Pump 9", "Oven"]],
    ]));
  it("puts trouble first when sorted by state", () =>
    expect(shown({ group: "none", sort: "state" })[0]?.[1]?.[0]).toBe("Oven"));
  it("filters by area and state", () => {
    expect(shown({ area: "UTL", state: "live" })).toEqual([["UTL", ["Pump 9", "Pump 10"]]]);
    expect(shown({ area: "UTL", state: "offline" })).toEqual([]);
  });
  it("wants every word of the text, wherever it stands", () => {
    expect(shown({ text: "pump cellar" })).toEqual([["UTL", ["Pump 9"]]]);
    expect(shown({ text: "pump oven" })).toEqual([]);
  });
  it("survives the address bar", () => {
    const criteria = {
      ...DEFAULTS,
      text: "a b",
      area: "UTL",
      sort: "power",
      descending: true,
    } as const;
    expect(fromQuery(new URLSearchParams(toQuery(criteria).toString()))).toEqual(criteria);
    expect(toQuery(DEFAULTS).toString()).toBe("");
  });
  it("takes nothing it does not know from the address bar", () =>
    expect(fromQuery(new URLSearchParams("sort=constructor&group=x&state=y"))).toEqual(DEFAULTS));
});
