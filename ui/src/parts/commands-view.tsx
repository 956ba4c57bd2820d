import { useSignal } from "@preact/signals";
import type { Job, Page } from "../api/wire";
import * as format from "../format";
import type { MeterModel } from "../plant/meter";
import { maybe, t } from "../words";
import { Absent } from "./absent";
import { ClockCommand } from "./clock-command";
import { useHeadEnd } from "./context";
import { RelayCommand } from "./relay-command";
import { TokenCommand } from "./token-command";
import { useLoaded } from "./use-loaded";

const LIMIT = "20";

/** What somebody may have a meter do, and what was asked of it before. */
export function CommandsView({ meter }: { meter: MeterModel }) {
  const round = useSignal(0);
  const onOver = () => {
    round.value += 1;
  };
  return (
    <div class="view commands">
      <RelayCommand meter={meter} onOver={onOver} />
      <TokenCommand meter={meter} onOver={onOver} />
      <ClockCommand meter={meter} onOver={onOver} />
      <Before meter={meter} round={round.value} />
    </div>
  );
}

/** The last jobs of a meter: where one looks before anything is sent again. */
function Before({ meter, round }: { meter: MeterModel; round: number }) {
  const { rest } = useHeadEnd();
  const { loaded } = useLoaded(
    () => rest.get<Page<Job>>("jobs", { meter: meter.serial, limit: LIMIT }),
    [meter, round],
  );
  const jobs = loaded.value && "value" in loaded.value ? loaded.value.value.items : [];
  return (
    <section class="before panel">
      <div class="bar">
        <h2 class="label">{t("commands.before")}</h2>
      </div>
      {jobs.length === 0 ? (
        <Absent loaded={loaded.value} otherwise="commands.none" />
      ) : (
        <div class="scroller">
          <table class="grid stacked">
            <thead>
              <tr>
                <th scope="col">{t("column.time")}</th>
                <th scope="col">{t("column.job")}</th>
                <th scope="col">{t("column.user")}</th>
                <th scope="col">{t("column.state")}</th>
                <th scope="col">{t("column.detail")}</th>
              </tr>
            </thead>
            <tbody>
              {jobs.map((job) => (
                <BeforeRow key={job.id} job={job} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function BeforeRow({ job }: { job: Job }) {
  const { action, token, reason } = job.arguments;
  const what = [action, token].filter((each) => typeof each === "string").join(" ");
  return (
    <tr>
      <td class="time">{format.dateTime(Date.parse(job.steps[0]?.at ?? ""))}</td>
      <th scope="row">
        {maybe(`kind.${job.kind}`) ?? job.kind} {what && <code>{what}</code>}
        {typeof reason === "string" && <span class="note"> {reason}</span>}
      </th>
      <td>{job.user}</td>
      <td class={`job-state ${job.state}`}>{t(`job.${job.state}`)}</td>
      <td class="detail">{job.steps[job.steps.length - 1]?.detail}</td>
    </tr>
  );
}
