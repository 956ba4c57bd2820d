import { type ReadonlySignal, useComputed } from "@preact/signals";
import type { Reading } from "../api/wire";
import * as format from "../format";
import { CREDIT } from "../plant/figures";
import type { MeterModel } from "../plant/meter";
import { RELAY, stateOf } from "../plant/relay";
import { t } from "../words";
import { useHeadEnd } from "./context";
import { Mark } from "./quality-mark";

interface Properties {
  meter: MeterModel;
  /** The OBIS code whose history is shown. */
  code: ReadonlySignal<string>;
  onCode: (code: string) => void;
}

/** Every newest value of a meter; choosing one shows its history. */
export function LatestTable({ meter, code, onCode }: Properties) {
  const rows = useComputed(() => [...meter.latest.value.values()].sort(byCode));
  return (
    <section class="latest panel">
      <div class="bar">
        <h2 class="label">{t("latest.title")}</h2>
        <span class="note">{t("latest.count", { n: rows.value.length })}</span>
      </div>
      <table>
        <thead class="hidden">
          <tr>
            <th>{t("latest.quantity")}</th>
            <th>{t("latest.value")}</th>
            <th>{t("latest.age")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.value.map((reading) => (
            <Row key={reading.obis} reading={reading} code={code} onCode={onCode} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

type RowProperties = Omit<Properties, "meter"> & { reading: Reading };

function Row({ reading, code, onCode }: RowProperties) {
  const { now } = useHeadEnd();
  const age = useComputed(() => format.age(now.value - Date.parse(reading.at)));
  return (
    <tr data-quality={reading.quality} data-obis={reading.obis}>
      <th scope="row">
        <button
          type="button"
          aria-pressed={code.value === reading.obis}
          onClick={() => onCode(reading.obis)}
        >
          {labelOf(reading)}
        </button>
        <code>{reading.obis}</code>
      </th>
      <td class="value">
        {textOf(reading)}
        <span class="unit"> {reading.unit}</span>
        <Mark quality={reading.quality} />
      </td>
      <td class="age" title={format.dateTime(Date.parse(reading.at))}>
        {age}
      </td>
    </tr>
  );
}

function textOf(reading: Reading): string {
  const relay = reading.obis === RELAY ? stateOf(reading) : null;
  return relay ? t(`relay.${relay}`) : format.value(reading.value, reading.unit);
}

/** What a vendor has under a code of its own has no name in the standard. */
function labelOf({ obis, label, quantity }: Reading): string {
  return CREDIT.includes(obis) ? t("quantity.credit") : (label ?? quantity);
}

const byCode = (a: Reading, b: Reading): number => {
  const [left, right] = [a.obis.split("."), b.obis.split(".")];
  const place = left.findIndex((group, index) => group !== right[index]);
  return Number(left[place] ?? 0) - Number(right[place] ?? 0);
};
