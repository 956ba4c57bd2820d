import type { Job } from "../api/wire";
import * as format from "../format";
import { t } from "../words";
import type { FollowedJob } from "./use-job";

/** How a job fares, or why there is none. */
export function JobProgress({ followed: { job, refusal } }: { followed: FollowedJob }) {
  return (
    <div class="job" role="status">
      {refusal.value && <p class="refusal">{refusal.value}</p>}
      {job.value && <Steps job={job.value} />}
    </div>
  );
}

export function Steps({ job }: { job: Job }) {
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
