import type { Listener } from "../api/wire-cosem";
import * as format from "../format";
import { maybe, t } from "../words";
import { BusMap } from "./bus-map";
import { CounterList } from "./counter-list";
import { Reasons } from "./reasons";

/** A port that meters dial: who is on it, who came, and who was turned away. */
export function ListenerPanel({ listener }: { listener: Listener }) {
  const { counters } = listener;
  return (
    <section class="line-panel listener-panel panel" aria-label={listener.name}>
      <div class="bar">
        <span class="dot live" aria-hidden="true" />
        <h2>{listener.name}</h2>
        <span class="note">{t("listener.kind")}</span>
        <code>{listener.endpoint}</code>
        <span class="spring" />
        <span class="note">{t("line.online", { n: listener.online, of: listener.meters })}</span>
      </div>
      <div class="line-body">
        <div>
          <h3 class="label">{t("listener.connections")}</h3>
          <p class="figure-l">{format.count(listener.connections)}</p>
          <p class="note">{t("listener.strangers", { n: listener.strangers })}</p>
          <p class="note">{families(counters.identified)}</p>
        </div>
        <Reasons
          title={t("listener.refused")}
          counts={counters.refused}
          words="refused"
          none={t("listener.refused.none")}
        />
        <CounterList
          figures={[
            ["listener.accepted", format.count(counters.accepted)],
            ["listener.heartbeats", format.count(counters.heartbeats)],
            ["listener.pushes", format.count(counters.pushes)],
            ["listener.alarms", format.count(counters.alarms), counters.alarms > 0],
          ]}
        />
      </div>
      <BusMap name={listener.name} />
    </section>
  );
}

const families = (identified: Record<string, number>): string =>
  Object.entries(identified)
    .map(([family, amount]) => `${maybe(`family.${family}`) ?? family} ${format.count(amount)}`)
    .join(" · ");
