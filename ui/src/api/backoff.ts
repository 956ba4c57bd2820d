/** Growing waits with jitter, so that a hundred pages do not come back in one instant. */
export class Backoff {
  private failures = 0;

  constructor(
    private readonly first = 500,
    private readonly most = 15_000,
    private readonly random: () => number = Math.random,
  ) {}

  next(): number {
    const ceiling = Math.min(this.most, this.first * 2 ** this.failures);
    this.failures += 1;
    return ceiling * (0.5 + this.random() / 2);
  }

  reset(): void {
    this.failures = 0;
  }
}
