import type { Job } from "../api/wire";

/** Hands what the feed says of a job to whoever started it. */
export class JobBoard {
  private readonly followers = new Map<string, (job: Job) => void>();

  /** Calls `take` with every newer state of a job; the answer stops it. */
  follow(id: string, take: (job: Job) => void): () => void {
    this.followers.set(id, take);
    return () => this.followers.delete(id);
  }

  take(job: Job): void {
    this.followers.get(String(job.id))?.(job);
  }
}
