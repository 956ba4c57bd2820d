import { batch } from "@preact/signals";
import type { Rest } from "../api/rest";
import type { HistoryRow, Reading } from "../api/wire";
import { energyCode, powerCode } from "./figures";
import { type MeterModel, TRACE_SPAN } from "./meter";
import type { Plant } from "./plant";

/** A request a meter is fine for a plant; what is nice to have stops being asked for above this. */
const MANY_METERS = 200;
const AT_ONCE = 4;
/** A minute's mean is drawn in its middle. */
const HALF_A_MINUTE = 30;

interface LatestOfMeter extends Reading {
  meter: string;
}

/** The newest values of all meters. */
export async function loadLatest(rest: Rest, plant: Plant): Promise<void> {
  const readings = await rest.all<LatestOfMeter>("latest");
  batch(() => {
    for (const [serial, own] of byMeter(readings)) plant.take(serial, own);
  });
}

function byMeter(readings: readonly LatestOfMeter[]): Map<string, Reading[]> {
  const found = new Map<string, Reading[]>();
  for (const reading of readings) {
    const own = found.get(reading.meter);
    if (own) own.push(reading);
    else found.set(reading.meter, [reading]);
  }
  return found;
}

/**
 * The last minutes of every meter's power, so that the small charts do not begin empty. Means of
 * a minute are enough for that; the values themselves would be megabytes.
 */
export async function loadTraces(rest: Rest, plant: Plant): Promise<void> {
  if (plant.meters.peek().size > MANY_METERS) return;
  const from = new Date(plant.now.peek() - TRACE_SPAN * 1_000).toISOString();
  await each(plant, async (meter) => {
    const obis = powerCode(meter.latest.peek());
    if (!obis) return;
    const rows = await rest.all<HistoryRow>(readingsPath(meter), {
      obis,
      from,
      resolution: "minute",
    });
    const drawn = rows.filter(
      (row): row is HistoryRow & { value: number } => typeof row.value === "number",
    );
    meter.trace.prepend(
      drawn.map(({ at }) => Date.parse(at) / 1_000 + HALF_A_MINUTE),
      drawn.map(({ value }) => value),
    );
    meter.traced.value += 1;
  });
  plant.retrace();
}

/**
 * Where every energy counter stood when the day began (in this browser's time zone), as far as
 * that is not known yet.
 */
export async function loadMidnight(rest: Rest, plant: Plant): Promise<void> {
  if (plant.meters.peek().size > MANY_METERS) return;
  const midnight = new Date(plant.now.peek());
  midnight.setHours(0, 0, 0, 0);
  const stood = new Map(plant.midnight.peek());
  await each(plant, async (meter) => {
    const obis = energyCode(meter.latest.peek());
    if (!obis || stood.has(meter.serial)) return;
    const parameters = { obis, from: midnight.toISOString(), resolution: "raw", limit: "1" };
    const page = await rest.get<{ items: HistoryRow[] }>(readingsPath(meter), parameters);
    const value = page.items[0]?.value;
    if (typeof value === "number") stood.set(meter.serial, value);
  });
  plant.midnight.value = stood;
}

/** Where something of a meter is. */
export const meterPath = (meter: MeterModel, ...rest: string[]): string =>
  ["meters", ...[meter.serial, ...rest].map(encodeURIComponent)].join("/");

export const readingsPath = (meter: MeterModel): string => meterPath(meter, "readings");

/** A few meters at a time: the head end has better things to do than to serve one page. */
async function each(plant: Plant, work: (meter: MeterModel) => Promise<void>): Promise<void> {
  const queue = [...plant.meters.peek().values()];
  const worker = async () => {
    for (let meter = queue.pop(); meter; meter = queue.pop()) await work(meter);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
