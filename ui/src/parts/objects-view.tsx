import { useSignal } from "@preact/signals";
import type { CosemObject } from "../api/wire-cosem";
import { meterPath } from "../plant/loading";
import type { MeterModel } from "../plant/meter";
import { matching } from "../plant/search";
import { t } from "../words";
import { Absent } from "./absent";
import { useHeadEnd } from "./context";
import { CosemObjectRow } from "./cosem-object-row";
import { FilterField } from "./filter-field";
import { JobProgress } from "./job-steps";
import { useJob } from "./use-job";
import { useLoaded } from "./use-loaded";

/** More at once nobody reads; a filter finds the rest. */
const SHOWN = 200;

/** The objects of a meter, as its association lists them; each attribute can be read. */
export function ObjectsView({ meter }: { meter: MeterModel }) {
  const { rest, session } = useHeadEnd();
  const { loaded, again } = useLoaded(
    () => rest.all<CosemObject>(meterPath(meter, "objects")),
    [meter],
  );
  const followed = useJob(again);
  const text = useSignal("");
  const kind = useSignal("");
  const objects = loaded.value && "value" in loaded.value ? loaded.value.value : [];
  const kinds = new Map(objects.map((each) => [String(each.class_id), each.class_name]));
  const found = matching(
    objects.filter(({ class_id }) => !kind.value || String(class_id) === kind.value),
    text.value,
    (each) => [each.obis, each.name, each.class_name],
  );
  return (
    <section class="view panel objects" aria-label={t("tab.objects")}>
      <div class="bar">
        <FilterField text={text} hint={t("objects.filter")} />
        <select
          class="field"
          aria-label={t("objects.class")}
          value={kind.value}
          onChange={(event) => {
            kind.value = event.currentTarget.value;
          }}
        >
          <option value="">{t("objects.all-classes")}</option>
          {[...kinds].map(([id, name]) => (
            <option key={id} value={id}>
              {id} {name}
            </option>
          ))}
        </select>
        <span class="note">{t("objects.count", { n: found.length, of: objects.length })}</span>
        <span class="spring" />
        {session.mayAct.value && (
          <button
            type="button"
            class="button"
            disabled={followed.busy}
            onClick={() => void followed.start(meterPath(meter, "objects", "reads"))}
          >
            {followed.busy ? t("read.busy") : t("objects.read")}
          </button>
        )}
        <JobProgress followed={followed} />
      </div>
      {objects.length === 0 ? (
        <Absent loaded={loaded.value} otherwise="objects.none" />
      ) : (
        <ul class="object-list">
          {found.slice(0, SHOWN).map((object) => (
            <CosemObjectRow
              key={`${object.class_id} ${object.obis}`}
              meter={meter}
              object={object}
            />
          ))}
        </ul>
      )}
      {found.length > SHOWN && (
        <p class="nothing">{t("objects.cut", { n: found.length - SHOWN })}</p>
      )}
    </section>
  );
}
