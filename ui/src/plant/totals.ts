import type { Figure } from "./figures";

/** What one meter adds to the plant. */
export interface Part {
  power: Figure | null;
  reactive: Figure | null;
  apparent: Figure | null;
  factor: Figure | null;
}

export interface Total {
  kilowatts: number;
  factor: number | null;
  /** How many meters stand behind the sum. */
  counted: number;
}

const usable = (figure: Figure | null): number | null =>
  figure && figure.quality !== "bad" ? figure.value : null;

/**
 * The plant's power, and the power factor that goes with it: P / √(P² + Q²).
 *
 * A meter that gives no reactive power lends it by its apparent power or power factor (as
 * lagging, which nearly every load is), so that it does not count as purely resistive.
 */
export function total(parts: Iterable<Part>): Total {
  let kilowatts = 0;
  let reactive = 0;
  let counted = 0;
  let known = false;
  for (const part of parts) {
    const power = usable(part.power);
    if (power === null) continue;
    kilowatts += power;
    counted += 1;
    const own = reactiveOf(power, part);
    known ||= own !== null;
    reactive += own ?? 0;
  }
  const apparent = Math.hypot(kilowatts, reactive);
  return { kilowatts, counted, factor: known && apparent > 0 ? kilowatts / apparent : null };
}

function reactiveOf(power: number, part: Part): number | null {
  const reactive = usable(part.reactive);
  if (reactive !== null) return reactive;
  const apparent = usable(part.apparent);
  if (apparent !== null) return Math.sqrt(Math.max(0, apparent ** 2 - power ** 2));
  const factor = usable(part.factor);
  if (!factor) return null;
  return Math.abs(power) * Math.sqrt(Math.max(0, 1 / factor ** 2 - 1));
}
