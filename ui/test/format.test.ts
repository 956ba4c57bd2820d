import { describe, expect, it } from "vitest";
import * as format from "../src/format";
import { maybe, t } from "../src/words";
import { en } from "../src/words/en";

describe("format", () => {
  it("writes numbers with fixed decimals and groups", () => {
    expect(format.fixed(1_234.5, 1)).toBe("1,234.5");
    expect(format.fixed(0.04, 1)).toBe("0.0");
    expect(format.fixed(12, 2)).toBe("12.00");
  });

  it("writes no negative nothing", () => {
    expect(format.fixed(-0.001, 2)).toBe("0.00");
    expect(format.fixed(-0.3, 0)).toBe("0");
    expect(format.fixed(-0.3, 1)).toBe("−0.3");
  });

  it("writes a dash for what is not there", () => {
    for (const nothing of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(format.fixed(nothing, 1)).toBe("–");
    }
    expect(format.value(null, "V")).toBe("–");
    expect(format.value("", "")).toBe("–");
  });

  it("gives each unit its decimals, and leaves text alone", () => {
    expect(format.value(230.123, "V")).toBe("230.1");
    expect(format.value(0.9512, "")).toBe("0.951");
    expect(format.value("EM6400NG", "")).toBe("EM6400NG");
  });

  it("tells ages coarsely", () => {
    expect([400, 59_400, 60_000, 3_599_000, 7_200_000, 200_000_000].map(format.age)).toEqual([
      "0 s",
      "59 s",
      "1 min",
      "59 min",
      "2 h",
      "2 d",
    ]);
    expect(format.age(-5_000)).toBe("0 s");
    expect(format.age(null)).toBe("–");
  });

  it("tells durations with the precision that fits", () => {
    expect([0.8512, 12.34, 300].map(format.seconds)).toEqual(["0.85 s", "12.3 s", "5 min"]);
  });

  it("tells shares and bytes", () => {
    expect([0, 0.0312, 0.78, 1.04].map(format.percent)).toEqual(["0 %", "3.1 %", "78 %", "104 %"]);
    expect([999, 1_500, 12_400_000].map(format.bytes)).toEqual(["999 B", "1.5 kB", "12.4 MB"]);
  });
});

describe("words", () => {
  it("fills places and chooses the plural", () => {
    expect(t("group.meters", { n: 1 })).toBe("1 meter");
    expect(t("group.meters", { n: 3 })).toBe("3 meters");
    expect(t("line.online", { n: 39, of: 40 })).toBe("39 of 40 online");
  });

  it("knows what it does not know", () => {
    expect(maybe("discarded.crc")).toBe(en["discarded.crc"]);
    expect(maybe("discarded.gremlins")).toBeNull();
    expect(maybe("toString")).toBeNull();
  });
});
