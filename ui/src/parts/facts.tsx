import * as format from "../format";
import type { MeterModel } from "../plant/meter";
import { t, type Word } from "../words";
import { useHeadEnd } from "./context";

/** What is known of a meter beforehand. */
export function Facts({ meter }: { meter: MeterModel }) {
  const { plant } = useHeadEnd();
  const info = meter.info.value;
  const seen = meter.heardAt.value ?? (info.last_seen ? Date.parse(info.last_seen) : null);
  const facts: [Word, string | number | null | undefined][] = [
    ["fact.serial", info.serial],
    ["fact.line", info.line],
    ["fact.unit-id", info.unit_id],
    ["fact.driver", info.driver],
    ["fact.brand", info.brand],
    ["fact.model", info.model],
    ["fact.firmware", info.firmware],
    ["fact.area", plant.areaName(info.area)],
    ["fact.room", info.room],
    ["fact.panel", info.panel],
    ["fact.equipment", info.equipment === meter.title ? null : info.equipment],
    ["fact.interval", info.interval == null ? null : format.seconds(info.interval)],
    ["fact.last-seen", seen === null ? null : format.dateTime(seen)],
  ];
  return (
    <section class="facts panel">
      <div class="bar">
        <h2 class="label">{t("meter.facts")}</h2>
      </div>
      <dl>
        {facts
          .filter(([, fact]) => fact !== null && fact !== undefined && fact !== "")
          .map(([word, fact]) => (
            <div key={word}>
              <dt>{t(word)}</dt>
              <dd>{fact}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}
