import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Problem } from "../api/rest";
import type { Job, JobState } from "../api/wire";
import * as format from "../format";
import type { MeterModel } from "../plant/meter";
import { maybe, t } from "../words";
import { useHeadEnd } from "./context";

const FINAL: readonly JobState[] = ["confirmed", "rejected", "unknown", "failed", "cancelled"];
const ASK_EVERY_MS = 1_000;

export const isOver = (job: Job): boolean => FINAL.includes(job.state);

/** Asks the meter itself, now, and shows how the request fares until it is over. */
export function ReadNow({ meter }: { meter: MeterModel }) {
  const { rest, feed, jobs, session } = useHeadEnd();
  const job = useSignal<Job | null>(null);
  const refusal = useSignal<string | null>(null);
  const release = useRef(() => {});
  useEffect(() => () => release.current(), []);

  const follow = (started: Job) => {
    job.value = started;
    const take = (newer: Job) => {
      // Two ways lead here, and the slower one may bring old news.
      if (newer.steps.length < (job.peek()?.steps.length ?? 0)) return;
      job.value = newer;
      if (isOver(newer)) release.current();
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
    take(started);
  };

  async function read() {
    release.current();
    job.value = null;
    refusal.value = null;
    try {
      follow(await rest.post<Job>(`meters/${encodeURIComponent(meter.serial)}/reads`));
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      refusal.value = maybe(`problem.${problem.kind}`) ?? problem.detail;
    }
  }

  // Who only looks has no business on the bus.
  if (session.user.value?.role === "viewer") return null;
  const busy = job.value !== null && !isOver(job.value);
  return (
    <div class="read-now">
      <button type="button" class="button primary" disabled={busy} onClick={() => void read()}>
        {busy ? t("read.busy") : t("read.start")}
      </button>
      <div class="job" role="status">
        {refusal.value && <p class="refusal">{refusal.value}</p>}
        {job.value && <Steps job={job.value} />}
      </div>
    </div>
  );
}

function Steps({ job }: { job: Job }) {
  const begun = Date.parse(job.steps[0]?.at ?? "");
  return (
    <ol class="steps" data-state={job.state}>
      {job.steps.map((step) => (
        <li key={`${step.state}${step.at}`} class={step.state}>
          <span>{t(`job.${step.state}`)}</span>
          <span class="note">+{format.seconds((Date.parse(step.at) - begun) / 1_000)}</span>
          {step.detail && <span class="note">{step.detail}</span>}
        </li>
      ))}
    </ol>
  );
}
