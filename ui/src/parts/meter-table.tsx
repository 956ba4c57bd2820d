import { type Signal, useComputed } from "@preact/signals";
import * as format from "../format";
import type { Criteria, Group, SortKey } from "../plant/arrangement";
import { total } from "../plant/totals";
import { t } from "../words";
import { useHeadEnd } from "./context";
import { descendsFirst, type Layout } from "./controls";
import { MeterRow } from "./meter-row";

interface Properties {
  groups: Group[];
  criteria: Signal<Criteria>;
  layout: Layout;
}

/** Every meter shown, as a table; the same rows become tiles, or cards on a phone, by style alone. */
export function MeterTable({ groups, criteria, layout }: Properties) {
  return (
    <div class={`meters ${layout}`} role="table" aria-label={t("table.label")}>
      <Head criteria={criteria} />
      {groups.map((group) => (
        <MeterGroup key={group.key} group={group} criteria={criteria} />
      ))}
    </div>
  );
}

const COLUMNS: readonly (SortKey | null)[] = [
  "name",
  null,
  "power",
  "voltage",
  "current",
  "factor",
  "energy",
  "state",
];

const UNITS: Partial<Record<SortKey, string>> = {
  power: "kW",
  voltage: "V",
  current: "A",
  energy: "kWh",
};

function Head({ criteria }: { criteria: Signal<Criteria> }) {
  const { sort, descending } = criteria.value;
  const choose = (key: SortKey) => {
    const again = key === sort;
    criteria.value = {
      ...criteria.peek(),
      sort: key,
      descending: again ? !descending : descendsFirst(key),
    };
  };
  return (
    <div class="head" role="row">
      {COLUMNS.map((key) =>
        key === null ? (
          <div key="trend" class="trend" role="columnheader">
            {t("table.trend")}
          </div>
        ) : (
          <div
            key={key}
            class={key}
            role="columnheader"
            aria-sort={key !== sort ? "none" : descending ? "descending" : "ascending"}
          >
            <button type="button" onClick={() => choose(key)}>
              {t(`column.${key}`)}
              {UNITS[key] && <span class="unit"> {UNITS[key]}</span>}
            </button>
          </div>
        ),
      )}
    </div>
  );
}

function MeterGroup({ group, criteria }: { group: Group; criteria: Signal<Criteria> }) {
  const name = group.name || t("group.other");
  return (
    <div class="group" role="rowgroup" aria-label={name}>
      {criteria.value.group !== "none" && <GroupHead group={group} name={name} />}
      {group.members.map((meter) => (
        <MeterRow key={meter.serial} meter={meter} />
      ))}
    </div>
  );
}

function GroupHead({ group, name }: { group: Group; name: string }) {
  const { plant } = useHeadEnd();
  const live = useComputed(() => group.members.filter((meter) => meter.standing.value === "live"));
  const kilowatts = useComputed(
    () =>
      total(
        live.value.map(({ power }) => ({
          power: power.value,
          reactive: null,
          apparent: null,
          factor: null,
        })),
      ).kilowatts,
  );
  const share = useComputed(() => {
    const whole = plant.total.value.kilowatts;
    return whole > 0 ? Math.max(0, kilowatts.value / whole) : null;
  });
  const power = useComputed(() => format.fixed(kilowatts.value, 1));
  const part = useComputed(() => format.percent(share.value));
  const missing = group.members.length - live.value.length;
  return (
    <div class="group-head" role="row">
      <div role="cell">
        <h2>{name}</h2>
        <span class="note">{t("group.meters", { n: group.members.length })}</span>
        {missing > 0 && <span class="note warn-text">{t("group.missing", { n: missing })}</span>}
        <span class="rule" aria-hidden="true" />
        <span class="number">
          {power}
          <span class="unit"> kW</span>
        </span>
        <span class="note share-of">{part}</span>
      </div>
    </div>
  );
}
