/** The last stretch of one value, oldest first: what sparklines and live charts draw. */
export class Trace {
  /** Seconds since 1970, ascending. */
  readonly times: number[] = [];
  readonly values: number[] = [];

  constructor(
    /** How many seconds are kept. */
    readonly span: number,
  ) {}

  get last(): number | undefined {
    return this.values[this.values.length - 1];
  }

  /** Appends a sample; one that is not newer than the last is history already drawn. */
  push(time: number, value: number): boolean {
    const newest = this.times[this.times.length - 1];
    if (newest !== undefined && time <= newest) return false;
    this.times.push(time);
    this.values.push(value);
    this.forget(time - this.span);
    return true;
  }

  /** Puts older samples in front of those that came in live. */
  prepend(times: readonly number[], values: readonly number[]): void {
    const oldest = this.times[0] ?? Number.POSITIVE_INFINITY;
    const count = times.findIndex((time) => time >= oldest);
    const end = count === -1 ? times.length : count;
    this.times.unshift(...times.slice(0, end));
    this.values.unshift(...values.slice(0, end));
    this.forget((this.times[this.times.length - 1] ?? 0) - this.span);
  }

  clear(): void {
    this.times.length = 0;
    this.values.length = 0;
  }

  /** The value at `time`, on the line between the samples around it; null before the first. */
  at(time: number): number | null {
    let low = 0;
    let high = this.times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.times[middle] as number) <= time) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return null;
    const [before, after] = [this.times[low - 1] as number, this.times[low]];
    const value = this.values[low - 1] as number;
    if (after === undefined) return value;
    const share = (time - before) / (after - before);
    return value + share * ((this.values[low] as number) - value);
  }

  private forget(before: number): void {
    // Cutting an array's head moves the rest: wait until it is worth it.
    const stale = this.times.findIndex((time) => time >= before);
    if (stale < 64) return;
    this.times.splice(0, stale);
    this.values.splice(0, stale);
  }
}
