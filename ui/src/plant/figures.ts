import type { Quality, Reading } from "../api/wire";

/** The newest reading of each OBIS code of one meter. */
export type Latest = ReadonlyMap<string, Reading>;

/** One number on the page, and how far it can be trusted. */
export interface Figure {
  value: number | null;
  quality: Quality;
  /** When it was measured, milliseconds since 1970. */
  at: number;
}

type Phases = readonly [Figure | null, Figure | null, Figure | null];

/**
 * Meters answer the same question under different codes (IEC 62056-6-1, group C): some give a
 * total, some an average, some only the phases. In order of preference.
 */
const POWER = ["1.0.16.7.0.255", "1.0.1.7.0.255", "1.0.15.7.0.255"];
const POWER_PHASES = [
  ["1.0.36.7.0.255", "1.0.56.7.0.255", "1.0.76.7.0.255"],
  ["1.0.21.7.0.255", "1.0.41.7.0.255", "1.0.61.7.0.255"],
];
const REACTIVE = ["1.0.3.7.0.255"];
const APPARENT = ["1.0.9.7.0.255"];
const POWER_FACTOR = ["1.0.13.7.0.255", "1.0.33.7.0.255"];
const FREQUENCY = ["1.0.14.7.0.255"];
const VOLTAGE = ["1.0.12.7.0.255"];
const VOLTAGE_PHASES = ["1.0.32.7.0.255", "1.0.52.7.0.255", "1.0.72.7.0.255"];
const VOLTAGE_LINE = ["1.0.134.7.0.255"];
const CURRENT = ["1.0.11.7.0.255"];
const CURRENT_PHASES = ["1.0.31.7.0.255", "1.0.51.7.0.255", "1.0.71.7.0.255"];
const ENERGY = ["1.0.1.8.0.255", "1.0.15.8.0.255", "1.0.16.8.0.255"];
/** What is left of a prepayment, where vendors keep it: Hexcell, Momas. */
export const CREDIT: readonly string[] = ["1.0.96.66.0.255", "1.0.140.129.0.255"];

const TRUST: readonly Quality[] = ["good", "estimated", "suspect", "bad"];

/** The codes a live chart of this meter draws, each list in the order L1, L2, L3. */
export interface Charted {
  power: string[];
  voltage: string[];
  current: string[];
}

export const power = (latest: Latest): Figure | null =>
  first(latest, POWER) ?? sum(POWER_PHASES.map((codes) => phases(latest, codes)).find(any));

export const reactivePower = (latest: Latest): Figure | null => first(latest, REACTIVE);
export const apparentPower = (latest: Latest): Figure | null => first(latest, APPARENT);
export const powerFactor = (latest: Latest): Figure | null => first(latest, POWER_FACTOR);
export const frequency = (latest: Latest): Figure | null => first(latest, FREQUENCY);
export const energy = (latest: Latest): Figure | null => first(latest, ENERGY);
/** What is left of a prepayment; its unit is the meter's own: energy or money. */
export const credit = (latest: Latest): Reading | undefined =>
  latest.get(CREDIT.find((code) => latest.has(code)) ?? "");
export const voltagePhases = (latest: Latest): Phases => phases(latest, VOLTAGE_PHASES);
export const currentPhases = (latest: Latest): Phases => phases(latest, CURRENT_PHASES);

export const voltage = (latest: Latest): Figure | null =>
  mean(voltagePhases(latest)) ?? first(latest, VOLTAGE) ?? first(latest, VOLTAGE_LINE);

export const current = (latest: Latest): Figure | null =>
  mean(currentPhases(latest)) ?? first(latest, CURRENT);

export function charted(latest: Latest): Charted {
  const held = (codes: readonly string[]) => codes.filter((code) => latest.has(code));
  const single = (codes: readonly string[]) => held(codes).slice(0, 1);
  const several = (...choices: string[][]) => choices.find((codes) => codes.length > 0) ?? [];
  return {
    power: several(single(POWER), ...POWER_PHASES.map(held)),
    voltage: several(held(VOLTAGE_PHASES), single(VOLTAGE), single(VOLTAGE_LINE)),
    current: several(held(CURRENT_PHASES), single(CURRENT)),
  };
}

/** The code under which this meter counts the energy it lets through. */
export const energyCode = (latest: Latest): string | undefined =>
  ENERGY.find((code) => latest.has(code));

/** The code of this meter's total power, where it has one of its own. */
export const powerCode = (latest: Latest): string | undefined =>
  POWER.find((code) => latest.has(code));

export function figureOf(reading: Reading | undefined): Figure | null {
  if (!reading) return null;
  return {
    value: typeof reading.value === "number" ? reading.value : null,
    quality: reading.quality,
    at: Date.parse(reading.at),
  };
}

function first(latest: Latest, codes: readonly string[]): Figure | null {
  return figureOf(latest.get(codes.find((code) => latest.has(code)) ?? ""));
}

function phases(latest: Latest, codes: readonly string[]): Phases {
  const [l1 = "", l2 = "", l3 = ""] = codes;
  return [figureOf(latest.get(l1)), figureOf(latest.get(l2)), figureOf(latest.get(l3))];
}

const any = (figures: Phases): boolean => figures.some((figure) => figure !== null);

function mean(figures: Phases): Figure | null {
  const added = sum(figures);
  const count = figures.filter((figure) => figure?.value != null).length;
  return added?.value == null ? added : { ...added, value: added.value / count };
}

/** The sum is as old as its oldest part and as doubtful as its worst. */
function sum(figures: Phases | undefined): Figure | null {
  const given = [...(figures ?? [])].filter((figure) => figure !== null);
  if (given.length === 0) return null;
  const numbers = given.flatMap(({ value }) => (value === null ? [] : [value]));
  const worst = given.reduce((a, b) =>
    TRUST.indexOf(b.quality) > TRUST.indexOf(a.quality) ? b : a,
  );
  return {
    value: numbers.length === 0 ? null : numbers.reduce((a, b) => a + b),
    quality: worst.quality,
    at: Math.min(...given.map(({ at }) => at)),
  };
}
