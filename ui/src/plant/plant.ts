import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Area, Line, Meter, Reading } from "../api/wire";
import type { Driver, Listener, Quarantined } from "../api/wire-cosem";
import { MeterModel, TRACE_SPAN } from "./meter";
import { type Total, total } from "./totals";
import { Trace } from "./trace";

const STEP_S = 2;
/** The share of the meters online that makes a sum worth drawing. */
const WHOLE = 0.9;

/** Everything the pages show, kept up to date by REST and the feed. */
export class Plant {
  readonly meters = signal<ReadonlyMap<string, MeterModel>>(new Map());
  readonly areas = signal<readonly Area[]>([]);
  readonly lines = signal<readonly Line[]>([]);
  readonly listeners = signal<readonly Listener[]>([]);
  readonly drivers = signal<readonly Driver[]>([]);
  /** Meters that dialled in and are not known. */
  readonly quarantine = signal<readonly Quarantined[]>([]);
  /** False until the first load, so that "no meters" is not said too early. */
  readonly loaded = signal(false);
  readonly trace = new Trace(TRACE_SPAN);
  readonly traced = signal(0);

  private readonly live = computed(() =>
    [...this.meters.value.values()].filter((meter) => meter.standing.value === "live"),
  );
  readonly total = computed(() =>
    total(
      this.live.value.map((meter) => ({
        power: meter.power.value,
        reactive: meter.reactive.value,
        apparent: meter.apparent.value,
        factor: meter.factor.value,
      })),
    ),
  );
  /** The same once a second: a number that changes with every reading cannot be read. */
  readonly shownTotal = signal<Total>({ kilowatts: 0, factor: null, counted: 0 });
  readonly counts = computed(() => {
    const counts = { online: 0, offline: 0, unknown: 0 };
    for (const meter of this.meters.value.values()) {
      const { status } = meter.info.value;
      if (status in counts) counts[status as keyof typeof counts] += 1;
    }
    return counts;
  });

  /** Where each energy counter stood when the day began, kWh by serial. */
  readonly midnight = signal<ReadonlyMap<string, number>>(new Map());
  readonly energyToday = computed(() => {
    let kilowattHours = 0;
    let counted = 0;
    for (const [serial, stood] of this.midnight.value) {
      const energy = this.meters.value.get(serial)?.energy.value;
      if (energy?.value == null || energy.quality === "bad" || energy.value < stood) continue;
      kilowattHours += energy.value - stood;
      counted += 1;
    }
    return counted > 0 ? { kilowattHours, counted } : null;
  });

  constructor(
    /** The head end's time, ticking once a second. */
    readonly now: ReadonlySignal<number>,
  ) {}

  /** The list as REST gives it: new meters come, retired ones go, known ones keep their values. */
  place(meters: readonly Meter[]): void {
    const before = this.meters.peek();
    const after = new Map<string, MeterModel>();
    for (const meter of meters) {
      const known = before.get(meter.serial);
      if (known) known.info.value = meter;
      after.set(meter.serial, known ?? this.model(meter));
    }
    batch(() => {
      this.meters.value = after;
      this.loaded.value = true;
    });
  }

  /** What the feed says of one meter. False where the meter is not known here yet. */
  amend(serial: string, change: Partial<Meter>): boolean {
    const meter = this.meters.peek().get(serial);
    if (meter) meter.info.value = { ...meter.info.peek(), ...change, serial };
    return meter !== undefined;
  }

  /** What the feed says of one line: all of it but where the line is. */
  amendLine(line: Omit<Line, "endpoint">): void {
    this.lines.value = this.lines
      .peek()
      .map((known) => (known.name === line.name ? { ...known, ...line } : known));
  }

  amendListener(listener: Listener): void {
    this.listeners.value = this.listeners
      .peek()
      .map((known) => (known.name === listener.name ? listener : known));
  }

  /** Newest values of one meter. False where the meter is not known here yet. */
  take(serial: string, readings: readonly Reading[]): boolean {
    const meter = this.meters.peek().get(serial);
    meter?.take(readings);
    return meter !== undefined;
  }

  areaName(code: string | null): string {
    return this.areas.value.find((area) => area.code === code)?.name ?? code ?? "";
  }

  /** Whether a meter is one of COSEM objects; the others are of registers. */
  speaksDLMS({ info }: MeterModel): boolean {
    const { driver } = info.value;
    return this.drivers.value.find(({ name }) => name === driver)?.protocol === "dlms";
  }

  /** Writes down the total, once a second: what the big sparkline draws. */
  sample(): void {
    this.shownTotal.value = this.total.peek();
    const { kilowatts, counted } = this.shownTotal.peek();
    // While meters still come in, or come back, the sum of some is not the plant's power.
    if (counted === 0 || counted < WHOLE * this.counts.peek().online) return;
    if (this.trace.push(this.now.peek() / 1_000, kilowatts)) this.traced.value += 1;
  }

  /** Builds the total's past from the meters' own, as far as all of that was loaded. */
  retrace(): void {
    const traces = [...this.meters.peek().values()].map(({ trace }) => trace);
    const known = traces.filter(({ times }) => times.length > 0);
    const end = this.trace.times[0] ?? this.now.peek() / 1_000;
    // Before every meter has a value the sum would climb from nothing, which it never did.
    const start = Math.max(end - TRACE_SPAN, ...known.map(({ times }) => times[0] as number));
    const times = Array.from(
      { length: Math.max(0, Math.floor((end - start) / STEP_S)) },
      (_, step) => start + step * STEP_S,
    );
    this.trace.prepend(
      times,
      times.map((time) => known.reduce((sum, trace) => sum + (trace.at(time) ?? 0), 0)),
    );
    this.traced.value += 1;
  }

  /** Forgets everything: somebody else may sign in next. */
  clear(): void {
    batch(() => {
      this.meters.value = new Map();
      this.lines.value = [];
      this.listeners.value = [];
      this.drivers.value = [];
      this.quarantine.value = [];
      this.areas.value = [];
      this.midnight.value = new Map();
      this.loaded.value = false;
    });
    this.trace.clear();
  }

  private model(meter: Meter): MeterModel {
    return new MeterModel(meter, this.now, (line) => {
      const found = this.lines.value.find(({ name }) => name === line);
      // How often a meter that dials in is asked is not told; then its status has to do.
      if (!found) return line === null ? null : Number.POSITIVE_INFINITY;
      return Math.max(found.last_cycle_seconds ?? 0, found.period ?? 0);
    });
  }
}
