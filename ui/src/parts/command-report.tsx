import type { Job } from "../api/wire";
import { resultOf } from "../plant/job-result";
import { t, type Word } from "../words";
import { Steps } from "./job-steps";
import { type FollowedJob, isOver } from "./use-job";

/** How a command fares, and in plain words what became of it: no more than is known. */
export function CommandReport({ followed: { job, refusal } }: { followed: FollowedJob }) {
  return (
    <div class="command-report" role="status">
      {refusal.value && <p class="refusal">{refusal.value}</p>}
      {job.value && (
        <>
          <Steps job={job.value} />
          {isOver(job.value) && <Outcome job={job.value} />}
        </>
      )}
    </div>
  );
}

function Outcome({ job }: { job: Job }) {
  const results = resultOf(job);
  return (
    <div class={`outcome ${job.state}`}>
      <p>{t(`outcome.${job.state}` as Word)}</p>
      {results.length > 0 && (
        <dl>
          {results.map(([word, text]) => (
            <div key={word}>
              <dt>{t(word)}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}
