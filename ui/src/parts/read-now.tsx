import { meterPath } from "../plant/loading";
import type { MeterModel } from "../plant/meter";
import { t } from "../words";
import { useHeadEnd } from "./context";
import { JobProgress } from "./job-steps";
import { useJob } from "./use-job";

/** Asks the meter itself, now, and shows how the request fares until it is over. */
export function ReadNow({ meter }: { meter: MeterModel }) {
  const { session } = useHeadEnd();
  const followed = useJob();
  if (!session.mayAct.value) return null;
  return (
    <div class="read-now">
      <button
        type="button"
        class="button primary"
        disabled={followed.busy}
        onClick={() => void followed.start(meterPath(meter, "reads"))}
      >
        {followed.busy ? t("read.busy") : t("read.start")}
      </button>
      <JobProgress followed={followed} />
    </div>
  );
}
