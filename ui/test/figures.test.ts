import { describe, expect, it } from "vitest";
import type { Quality, Reading } from "../src/api/wire";
import { charted, current, type Latest, power, voltage } from "../src/plant/figures";
import { total } from "../src/plant/totals";

function latest(
  values: Record<string, number | null>,
  qualities: Record<string, Quality> = {},
): Latest {
  return new Map(
    Object.entries(values).map(([short, value], index) => {
      const obis = `1.0.${short}.255`;
      const at = new Date(Date.UTC(2026, 10, 20, 12, 0, index)).toISOString();
      const quality = qualities[short] ?? "good";
      return [
        obis,
        { obis, quantity: "", label: "", value, unit: "", quality, at } satisfies Reading,
      ];
    }),
  );
}

describe("figures", () => {
  it("prefers a meter's own total to the sum of its phases", () => {
    expect(power(latest({ "1.7.0": 9, "21.7.0": 1, "41.7.0": 2, "61.7.0": 3 }))?.value).toBe(9);
    expect(power(latest({ "21.7.0": 1, "41.7.0": 2, "61.7.0": 3 }))?.value).toBe(6);
  });

  it("takes the mean of the phases for voltage and current", () => {
    expect(voltage(latest({ "32.7.0": 230, "52.7.0": 231, "72.7.0": 235 }))?.value).toBe(232);
    expect(current(latest({ "31.7.0": 10, "51.7.0": 20 }))?.value).toBe(15);
    expect(voltage(latest({ "12.7.0": 229 }))?.value).toBe(229);
  });

  it("is as old as its oldest part and as doubtful as its worst", () => {
    const figure = voltage(
      latest(
        { "32.7.0": 230, "52.7.0": 231, "72.7.0": null },
        { "52.7.0": "suspect", "72.7.0": "bad" },
      ),
    );
    expect(figure).toMatchObject({
      value: 230.5,
      quality: "bad",
      at: Date.UTC(2026, 10, 20, 12, 0, 0),
    });
  });

  it("has nothing to say of what is not measured", () => {
    expect(power(latest({}))).toBeNull();
    expect(charted(latest({ "13.7.0": 1 }))).toEqual({ power: [], voltage: [], current: [] });
  });

  it("charts the phases where there are any", () => {
    const { power: drawn, voltage: volts } = charted(
      latest({ "1.7.0": 1, "21.7.0": 1, "32.7.0": 1, "52.7.0": 1 }),
    );
    expect(drawn).toEqual(["1.0.1.7.0.255"]);
    expect(volts).toEqual(["1.0.32.7.0.255", "1.0.52.7.0.255"]);
  });
});

describe("total", () => {
  const figure = (value: number, quality: Quality = "good") => ({ value, quality, at: 0 });
  const part = { power: null, reactive: null, apparent: null, factor: null };

  it("takes reactive power from what a meter gives", () => {
    const own = total([{ ...part, power: figure(3), reactive: figure(4) }]);
    const lent = total([{ ...part, power: figure(3), apparent: figure(5) }]);
    const computed = total([{ ...part, power: figure(3), factor: figure(0.6) }]);
    for (const { factor } of [own, lent, computed]) expect(factor).toBeCloseTo(0.6, 9);
  });

  it("gives no power factor where nobody knows one", () => {
    expect(total([{ ...part, power: figure(3) }])).toEqual({
      kilowatts: 3,
      counted: 1,
      factor: null,
    });
    expect(total([])).toEqual({ kilowatts: 0, counted: 0, factor: null });
  });

  it("is not misled by a power factor above one", () =>
    expect(total([{ ...part, power: figure(3), factor: figure(1.2) }]).factor).toBe(1));
});
