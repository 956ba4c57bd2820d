import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** WCAG 2.2, 1.4.3: text needs 4.5:1 against what it stands on. */
const LEAST = 4.5;
/** What is chosen is tinted: these stand on the tint, and the tint on these grounds. */
const CHOSEN = ["ink", "ink-2"];
const TINTED = ["surface", "raised"];
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
  [...css.matchAll(/--([\w-]+): light-dark\((#\w{6,8}), (#\w{6,8})\)/g)].map(
    ([, name, light, dark]) => [name, { light: String(light), dark: String(dark) }],
  ),
);

type Colour = readonly [red: number, green: number, blue: number, alpha: number];

function colour(hex: string): Colour {
  const part = (start: number) => Number.parseInt(hex.slice(start, start + 2) || "ff", 16) / 255;
  return [part(1), part(3), part(5), part(7)];
}

function over(front: Colour, back: Colour): Colour {
  const mix = (index: 0 | 1 | 2) => front[index] * front[3] + back[index] * (1 - front[3]);
  return [mix(0), mix(1), mix(2), 1];
}

function luminance([red, green, blue]: Colour): number {
  const linear = (part: number) =>
    part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

function contrast(a: Colour, b: Colour): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

describe.each(["light", "dark"] as const)("contrast, %s", (theme) => {
  const token = (name: string) => colour(tokens.get(name)?.[theme] ?? "missing");

  it.each(PAIRS)("%s on %s", (text, ground) => {
    expect(contrast(token(text), token(ground))).toBeGreaterThanOrEqual(LEAST);
  });

  it.each(CHOSEN.flatMap((text) => TINTED.map((ground) => [text, ground])))(
    "%s on chosen %s",
    (text = "", ground = "") => {
      const tinted = over(token("signal-soft"), token(ground));
      expect(contrast(token(text), tinted)).toBeGreaterThanOrEqual(LEAST);
    },
  );
});
