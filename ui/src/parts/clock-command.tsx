import { meterPath } from "../plant/loading";
import type { MeterModel } from "../plant/meter";
import { t } from "../words";
import { CommandReport } from "./command-report";
import { useJob } from "./use-job";

interface Properties {
  meter: MeterModel;
  onOver: () => void;
}

/** Looks at the clock of a meter, or sets it. */
export function ClockCommand({ meter, onOver }: Properties) {
  const followed = useJob(onOver);
  const start = (set: boolean) => void followed.start(meterPath(meter, "clock"), { set });
  return (
    <section class="command panel" aria-label={t("clock.title")}>
      <div class="bar">
        <h2 class="label">{t("clock.title")}</h2>
      </div>
      <div class="command-body">
        <div class="buttons">
          <button
            type="button"
            class="button"
            disabled={followed.busy}
            onClick={() => start(false)}
          >
            {t("clock.check")}
          </button>
          <button type="button" class="button" disabled={followed.busy} onClick={() => start(true)}>
            {t("clock.set")}
          </button>
        </div>
        <CommandReport followed={followed} />
      </div>
    </section>
  );
}
