import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Meter, Reading } from "../api/wire";
import * as figures from "./figures";
import { type Standing, staleAfter, standing } from "./freshness";
import { Trace } from "./trace";

/** How much of every meter's power the overview keeps, seconds. */
export const TRACE_SPAN = 600;

/** One meter as the pages see it: what is known of it, and its newest values as signals. */
export class MeterModel {
  readonly info: Signal<Meter>;
  readonly latest = signal<figures.Latest>(new Map());
  /** Grows with every reading of power; the trace itself is too large to be copied. */
  readonly traced = signal(0);
  readonly trace = new Trace(TRACE_SPAN);

  readonly power = computed(() => figures.power(this.latest.value));
  readonly voltage = computed(() => figures.voltage(this.latest.value));
  readonly current = computed(() => figures.current(this.latest.value));
  readonly factor = computed(() => figures.powerFactor(this.latest.value));
  readonly energy = computed(() => figures.energy(this.latest.value));
  readonly voltagePhases = computed(() => figures.voltagePhases(this.latest.value));
  readonly currentPhases = computed(() => figures.currentPhases(this.latest.value));
  readonly reactive = computed(() => figures.reactivePower(this.latest.value));
  readonly apparent = computed(() => figures.apparentPower(this.latest.value));

  /** When the newest value was measured, milliseconds since 1970; null before the first. */
  readonly heardAt = computed(() => {
    let newest: number | null = null;
    for (const { at } of this.latest.value.values()) newest = Math.max(newest ?? 0, Date.parse(at));
    return newest;
  });
  readonly standing: ReadonlySignal<Standing>;
  readonly age: ReadonlySignal<number | null>;

  /** `periodOf` tells how often the meters of a line are asked, in seconds. */
  constructor(
    meter: Meter,
    now: ReadonlySignal<number>,
    periodOf: (line: string | null) => number | null,
  ) {
    this.info = signal(meter);
    const limit = computed(() =>
      staleAfter(this.info.value.interval ?? periodOf(this.info.value.line)),
    );
    this.age = computed(() =>
      this.heardAt.value === null ? null : now.value - this.heardAt.value,
    );
    this.standing = computed(() =>
      standing(this.info.value.status, this.heardAt.value, now.value, limit.value),
    );
  }

  get serial(): string {
    return this.info.value.serial;
  }

  /** What people call it. */
  get title(): string {
    return this.info.value.name || this.info.value.serial;
  }

  /** Takes readings in; what is older than what is there stays out. */
  take(readings: readonly Reading[]): void {
    const before = this.latest.peek();
    const after = new Map(before);
    for (const reading of readings) {
      const known = before.get(reading.obis);
      if (!known || known.at <= reading.at) after.set(reading.obis, reading);
    }
    this.latest.value = after;
    this.extendTrace();
  }

  private extendTrace(): void {
    const power = this.power.peek();
    if (power?.value == null || power.quality === "bad") return;
    if (this.trace.push(power.at / 1_000, power.value)) this.traced.value += 1;
  }
}
