import { useComputed, useSignal } from "@preact/signals";
import type { Page } from "../api/wire";
import type { DriverProfile, MeterEvent } from "../api/wire-cosem";
import * as format from "../format";
import { meterPath } from "../plant/loading";
import type { MeterModel } from "../plant/meter";
import { matching } from "../plant/search";
import { t } from "../words";
import { Absent } from "./absent";
import { useHeadEnd } from "./context";
import { FilterField } from "./filter-field";
import { JobProgress } from "./job-steps";
import { useJob } from "./use-job";
import { useLoaded } from "./use-loaded";

const LIMIT = "200";

interface Properties {
  meter: MeterModel;
}

/** What happened at a meter, as its logs say. */
export function EventsView({ meter }: Properties) {
  const { rest, session } = useHeadEnd();
  const older = useSignal<Page<MeterEvent> | null>(null);
  const query = { meter: meter.serial, limit: LIMIT };
  const { loaded, again } = useLoaded(() => rest.get<Page<MeterEvent>>("events", query), [meter]);
  const followed = useJob(() => {
    older.value = null;
    again();
  });
  const logs = useLogs(meter);
  const text = useSignal("");
  const found = loaded.value && "value" in loaded.value ? loaded.value.value : null;
  const events = [...(found?.items ?? []), ...(older.value?.items ?? [])];
  const next = older.value ? older.value.next : (found?.next ?? null);
  async function more(cursor: string) {
    const page = await rest.get<Page<MeterEvent>>("events", { ...query, cursor });
    const before = older.peek()?.items ?? [];
    older.value = { items: [...before, ...page.items], next: page.next };
  }
  const shown = matching(events, text.value, (event) => [
    event.name,
    event.log,
    logs.value.get(event.log),
    event.code,
  ]);
  return (
    <section class="view panel events" aria-label={t("tab.events")}>
      <div class="bar">
        <FilterField text={text} hint={t("events.filter")} />
        <span class="note">{t("events.count", { n: shown.length })}</span>
        <span class="spring" />
        {session.mayAct.value && (
          <button
            type="button"
            class="button primary"
            disabled={followed.busy}
            onClick={() => void followed.start(meterPath(meter, "events", "reads"))}
          >
            {followed.busy ? t("read.busy") : t("events.read")}
          </button>
        )}
        <JobProgress followed={followed} />
      </div>
      {events.length === 0 ? (
        <Absent loaded={loaded.value} otherwise="events.none" />
      ) : (
        <EventTable events={shown} logs={logs.value} />
      )}
      {next !== null && (
        <p class="nothing">
          <button type="button" class="button" onClick={() => void more(next)}>
            {t("events.more")}
          </button>
        </p>
      )}
    </section>
  );
}

interface TableProperties {
  events: readonly MeterEvent[];
  logs: ReadonlyMap<string, string>;
}

function EventTable({ events, logs }: TableProperties) {
  return (
    <div class="scroller">
      <table class="grid stacked">
        <thead>
          <tr>
            <th scope="col">{t("column.start")}</th>
            <th scope="col">{t("column.end")}</th>
            <th scope="col">{t("column.event")}</th>
            <th scope="col">{t("column.log")}</th>
            <th scope="col">{t("column.detail")}</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event, index) => (
            <tr key={`${event.log} ${event.at} ${event.code} ${index}`}>
              <td class="time">{format.dateTime(Date.parse(event.at))}</td>
              <td class="time">{endOf(event)}</td>
              <th scope="row">
                {event.name || t("events.unnamed")}
                {event.code !== null && <code> {event.code}</code>}
              </th>
              <td>
                {logs.get(event.log) ?? ""} <code>{event.log}</code>
              </td>
              <td class="detail">{detailOf(event)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function endOf({ at, until }: MeterEvent): string {
  if (until === null) return "";
  const lasted = format.age(Date.parse(until) - Date.parse(at));
  return `${format.dateTime(Date.parse(until))} (${lasted})`;
}

const detailOf = ({ detail }: MeterEvent): string =>
  Object.entries(detail)
    .map(([name, content]) => `${name}: ${format.measured(content) ?? format.plain(content)}`)
    .join(", ");

/** What the logs of this kind of meter are called. */
function useLogs(meter: MeterModel) {
  const { rest } = useHeadEnd();
  const driver = meter.info.value.driver ?? "";
  const { loaded } = useLoaded(
    () => rest.all<DriverProfile>(`drivers/${encodeURIComponent(driver)}/profiles`),
    [driver],
  );
  return useComputed(() => {
    const found = loaded.value && "value" in loaded.value ? loaded.value.value : [];
    return new Map(found.map(({ obis, name }) => [obis, name]));
  });
}
