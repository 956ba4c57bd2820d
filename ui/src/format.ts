/** Numbers, ages and times as the pages write them, in the language of the dictionary. */

import { locale, t } from "./words";

const MISSING = "–";

const numbers = new Map<number, Intl.NumberFormat>();

/** A number with a fixed count of decimals, so that a column of them does not dance. */
export function fixed(value: number | null | undefined, decimals: number): string {
  if (value == null || !Number.isFinite(value)) return MISSING;
  let format = numbers.get(decimals);
  if (!format) {
    format = new Intl.NumberFormat(locale, {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
    numbers.set(decimals, format);
  }
  // A load that breathes around nothing is not "-0.0"; and a minus is as wide as a digit.
  return format
    .format(value)
    .replace(/^-(0([.,]0*)?)$/, "$1")
    .replace("-", "−");
}

const DECIMALS: Record<string, number> = {
  V: 1,
  A: 2,
  kW: 2,
  kvar: 2,
  kVA: 2,
  kWh: 1,
  kvarh: 1,
  kVAh: 1,
  Hz: 2,
  "%": 1,
  "°": 1,
};

/** The decimals a quantity is shown with; what has no unit is a factor. */
export function decimalsOf(unit: string): number {
  return DECIMALS[unit] ?? (unit === "" ? 3 : 2);
}

export function value(shown: number | string | null, unit: string): string {
  return typeof shown === "string" ? shown || MISSING : fixed(shown, decimalsOf(unit));
}

export const count = (whole: number | null | undefined): string => fixed(whole, 0);

export const percent = (share: number | null | undefined): string =>
  share == null ? MISSING : `${fixed(share * 100, share > 0 && share < 0.0995 ? 1 : 0)} %`;

/** Seconds, with the precision that fits them: 0.85 s, 12.4 s, 3 min. */
export function seconds(duration: number | null | undefined): string {
  if (duration == null) return MISSING;
  if (duration < 10) return `${fixed(duration, 2)} s`;
  if (duration < 120) return `${fixed(duration, 1)} s`;
  return age(duration * 1_000);
}

/** How long ago, coarse: nobody reads "4 min 12.3 s". */
export function age(milliseconds: number | null): string {
  if (milliseconds === null) return MISSING;
  const s = Math.max(0, Math.round(milliseconds / 1_000));
  if (s < 60) return t("age.seconds", { n: s });
  if (s < 3_600) return t("age.minutes", { n: Math.floor(s / 60) });
  if (s < 86_400) return t("age.hours", { n: Math.floor(s / 3_600) });
  return t("age.days", { n: Math.floor(s / 86_400) });
}

const clock = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
const precise = new Intl.DateTimeFormat(locale, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
const stamp = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });

export const time = (at: number): string => clock.format(at);
/** To the millisecond: for what follows closely. */
export const preciseTime = (at: number): string => precise.format(at);
export const dateTime = (at: number): string => stamp.format(at);

/** Bytes, in the unit that keeps them short. */
export function bytes(amount: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let rest = amount;
  let unit = 0;
  while (rest >= 1_000 && unit < units.length - 1) {
    rest /= 1_000;
    unit += 1;
  }
  return `${fixed(rest, unit === 0 ? 0 : 1)} ${units[unit]}`;
}

/** A number with its unit, where JSON holds one as `{value, unit}`. */
export function measured(content: unknown): string | null {
  const { value: number, unit = "" } = (content ?? {}) as { value?: unknown; unit?: unknown };
  return typeof number === "number" ? `${value(number, String(unit))} ${unit}`.trim() : null;
}

/** What came as JSON, as short as it can be read. */
export const plain = (content: unknown): string =>
  typeof content === "string" ? content : JSON.stringify(content);

/** Octets in hex, two digits apart, as they are written in standards. */
export const octets = (hex: string): string => hex.toUpperCase().replace(/(..)(?=.)/g, "$1 ");
