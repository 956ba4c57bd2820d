import { useRef } from "preact/hooks";
import { t } from "../words";
import { JobProgress } from "./job-steps";
import { useJob } from "./use-job";

interface Properties {
  /** Where the profile is. */
  path: string;
  /** What is offered to be read: milliseconds since 1970. */
  from: number;
  to: number;
  onRead: () => void;
}

/** Reads rows of a profile from the meter, from and to a time. */
export function ProfileRead({ path, from, to, onRead }: Properties) {
  const followed = useJob(onRead);
  const form = useRef<HTMLFormElement>(null);
  const moment = (name: string) =>
    new Date(String(new FormData(form.current ?? undefined).get(name))).toISOString();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void followed.start(`${path}/reads`, { from: moment("from"), to: moment("to") });
  };
  return (
    <form class="profile-read" ref={form} onSubmit={submit} key={`${from} ${to}`}>
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
      <JobProgress followed={followed} />
    </form>
  );
}

/** What an input of date and time holds: local time, to the minute. */
function local(at: number): string {
  const shifted = at - new Date(at).getTimezoneOffset() * 60_000;
  return new Date(shifted).toISOString().slice(0, 16);
}
