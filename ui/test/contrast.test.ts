import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** WCAG 2.2, 1.4.3: text needs 4.5:1 against what it stands on. */
const LEAST = 4.5;
const TEXT = ["ink", "ink-2", "ink-3", "signal", "warn", "alarm"];
const GROUNDS = ["ground", "surface", "raised", "hover"];
const PAIRS: [string, string][] = [
  ...TEXT.flatMap((text) => GROUNDS.map((ground): [string, string] => [text, ground])),
  ["on-signal", "signal"],
  ["ink", "warn-soft"],
  ["warn", "warn-soft"],
  ["ink", "alarm-soft"],
  ["alarm", "alarm-soft"],
];

const css = readFileSync(new URL("../src/styles/tokens.css", import.meta.url), "utf8");
const tokens = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(
    ([, name, light, dark]) => [name, { light: String(light), dark: String(dark) }],
  ),
);

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((start) => {
    const part = Number.parseInt(hex.slice(start, start + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

describe.each(["light", "dark"] as const)("contrast, %s", (theme) => {
  it.each(PAIRS)("%s on %s", (text, ground) => {
    const [front, back] = [tokens.get(text)?.[theme], tokens.get(ground)?.[theme]];
    expect(contrast(front ?? "missing", back ?? "missing")).toBeGreaterThanOrEqual(LEAST);
  });
});
