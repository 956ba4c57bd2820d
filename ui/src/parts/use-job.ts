import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Problem } from "../api/rest";
import type { Job, JobState } from "../api/wire";
import { t } from "../words";
import { inWords } from "../words/problems";
import { useHeadEnd } from "./context";

const FINAL: readonly JobState[] = ["confirmed", "rejected", "unknown", "failed", "cancelled"];
const ASK_EVERY_MS = 1_000;

export const isOver = (job: Job): boolean => FINAL.includes(job.state);

export interface FollowedJob {
  job: ReadonlySignal<Job | null>;
  /** Why there is no job, in words. */
  refusal: ReadonlySignal<string | null>;
  /** True until the job that was started is over. */
  busy: boolean;
  /** Asks for a job below this address; true when it was accepted. */
  start: (path: string, body?: unknown) => Promise<boolean>;
}

/** A job somebody starts on this page, followed until it is over; then `onOver` is told. */
export function useJob(onOver: (job: Job) => void = () => {}): FollowedJob {
  const { rest, feed, jobs } = useHeadEnd();
  const job = useSignal<Job | null>(null);
  const refusal = useSignal<string | null>(null);
  const asking = useSignal(false);
  const release = useRef(() => {});
  const unanswered = useRef<{ request: string; key: string } | null>(null);
  useEffect(() => () => release.current(), []);

  const follow = (started: Job) => {
    job.value = started;
    const take = (newer: Job) => {
      // Two ways lead here, and the slower one may bring old news.
      const known = job.peek();
      if (!known || isOver(known) || newer.steps.length < known.steps.length) return;
      job.value = newer;
      if (!isOver(newer)) return;
      release.current();
      onOver(newer);
    };
    const unsubscribe = feed.subscribe(`jobs/${started.id}`);
    const forget = jobs.follow(String(started.id), take);
    // The first steps may have gone by before the feed was asked for them.
    const timer = setInterval(
      () => void rest.get<Job>(`jobs/${started.id}`).then(take, () => undefined),
      ASK_EVERY_MS,
    );
    release.current = () => {
      unsubscribe();
      forget();
      clearInterval(timer);
      release.current = () => {};
    };
    if (!isOver(started)) return;
    release.current();
    onOver(started);
  };

  async function start(path: string, body: unknown = {}): Promise<boolean> {
    release.current();
    job.value = null;
    refusal.value = null;
    asking.value = true;
    // Nobody answered the last time, but somebody may have heard: the same request goes under
    // the same key, so that it is not done twice.
    const request = `${path} ${JSON.stringify(body)}`;
    const before = unanswered.current;
    const key = before?.request === request ? before.key : newKey();
    unanswered.current = { request, key };
    try {
      follow(await rest.post<Job>(path, body, { key }));
      unanswered.current = null;
      return true;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status !== 0) unanswered.current = null;
      refusal.value = problem.status === 0 ? t("job.unheard") : inWords(problem);
      return false;
    } finally {
      asking.value = false;
    }
  }

  const busy = asking.value || (job.value !== null && !isOver(job.value));
  return { job, refusal, busy, start };
}

/** Random, and not `randomUUID`: that is missing where a page comes without TLS. */
function newKey(): string {
  const octets = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");
}
