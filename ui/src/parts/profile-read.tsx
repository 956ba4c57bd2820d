import type { Job } from "../api/wire";
import { t } from "../words";
import { JobProgress } from "./job-steps";
import { useJob } from "./use-job";

interface Properties {
  /** Where the profile is. */
  path: string;
  /** What is offered to be read: milliseconds since 1970. */
  from: number;
  to: number;
  onRead: (job: Job) => void;
}

/** As many of the newest rows as can be asked for, and what is offered: a day of quarters. */
const MOST_NEWEST = 10_000;
const NEWEST = 96;

/** Reads rows of a profile from the meter: from and to a time, or the newest. */
export function ProfileRead({ path, from, to, onRead }: Properties) {
  const followed = useJob(onRead);
  const read = (wanted: (given: FormData) => unknown) => (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    void followed.start(`${path}/reads`, wanted(given));
  };
  const between = read((given) => ({ from: moment(given, "from"), to: moment(given, "to") }));
  const newest = read((given) => ({ newest: Number(given.get("newest")) }));
  return (
    <div class="profile-read">
      <form onSubmit={between} key={`${from} ${to}`}>
        <label class="choice">
          <span class="label">{t("profile.from")}</span>
          <input
            class="field"
            type="datetime-local"
            name="from"
            required
            defaultValue={local(from)}
          />
        </label>
        <label class="choice">
          <span class="label">{t("profile.to")}</span>
          <input class="field" type="datetime-local" name="to" required defaultValue={local(to)} />
        </label>
        <button type="submit" class="button primary" disabled={followed.busy}>
          {followed.busy ? t("read.busy") : t("profile.read")}
        </button>
      </form>
      <form onSubmit={newest}>
        <label class="choice">
          <span class="label">{t("profile.newest")}</span>
          <input
            class="field"
            type="number"
            name="newest"
            required
            min={1}
            max={MOST_NEWEST}
            defaultValue={String(NEWEST)}
          />
        </label>
        <button type="submit" class="button" disabled={followed.busy}>
          {t("profile.read-newest")}
        </button>
      </form>
      <JobProgress followed={followed} />
    </div>
  );
}

const moment = (given: FormData, name: string): string =>
  new Date(String(given.get(name))).toISOString();

/** What an input of date and time holds: local time, to the minute. */
function local(at: number): string {
  const shifted = at - new Date(at).getTimezoneOffset() * 60_000;
  return new Date(shifted).toISOString().slice(0, 16);
}
