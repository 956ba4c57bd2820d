import { useComputed, useSignal } from "@preact/signals";
import { Problem } from "../api/rest";
import type { Meter } from "../api/wire";
import type { Driver, Quarantined } from "../api/wire-cosem";
import * as format from "../format";
import { meterAddress } from "../router";
import { maybe, t } from "../words";
import { inWords } from "../words/problems";
import { useHeadEnd } from "./context";

/** What meters that log in in this way mostly are; others list their objects themselves. */
const LIKELY: Record<string, string> = { hexcell: "hexcell-ddsy1088" };
const OTHERWISE = "generic-dlms";

export function StrangerRow({ stranger }: { stranger: Quarantined }) {
  const headEnd = useHeadEnd();
  const { plant, rest, session } = headEnd;
  const busy = useSignal(false);
  const refusal = useSignal<string | null>(null);
  const drivers = useComputed(() =>
    plant.drivers.value.filter(({ protocol, problem }) => protocol === "dlms" && problem === null),
  );

  async function act(work: () => Promise<unknown>) {
    busy.value = true;
    refusal.value = null;
    try {
      await work();
      await headEnd.load();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      refusal.value = inWords(problem);
    } finally {
      busy.value = false;
    }
  }

  async function adopt(form: HTMLFormElement) {
    const adoption = Object.fromEntries(
      [...new FormData(form)].filter(([, content]) => String(content).trim() !== ""),
    );
    const meter = await rest.post<Meter>(`quarantine/${stranger.id}/adopt`, adoption);
    location.hash = meterAddress(meter.serial);
  }

  const forget = () => rest.delete(`quarantine/${stranger.id}`);
  return (
    <li class="stranger panel" data-serial={stranger.serial}>
      <Claim stranger={stranger} />
      {session.mayAct.value && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const form = event.currentTarget;
            void act(() => adopt(form));
          }}
        >
          <label>
            <span class="label">{t("fact.serial")}</span>
            <input class="field" name="serial" required defaultValue={numberOf(stranger)} />
          </label>
          <label>
            <span class="label">{t("fact.driver")}</span>
            <select class="field" name="driver">
              {drivers.value.map(({ name }) => (
                <option key={name} value={name} selected={name === likely(stranger, drivers.value)}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <label>
            <span class="label">{t("fact.area")}</span>
            <select class="field" name="area">
              <option value="">{t("quarantine.no-area")}</option>
              {plant.areas.value.map(({ code, name }) => (
                <option key={code} value={code}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <label>
            <span class="label">{t("quarantine.name")}</span>
            <input class="field" name="name" maxLength={100} />
          </label>
          <button type="submit" class="button primary" disabled={busy.value}>
            {t("quarantine.adopt")}
          </button>
          <button
            type="button"
            class="button"
            disabled={busy.value}
            onClick={() => void act(forget)}
          >
            {t("quarantine.forget")}
          </button>
          <p class="refusal" role="alert">
            {refusal.value}
          </p>
        </form>
      )}
    </li>
  );
}

function Claim({ stranger }: { stranger: Quarantined }) {
  const { now } = useHeadEnd();
  const seen = useComputed(() => format.age(now.value - Date.parse(stranger.last_seen)));
  return (
    <div class="claim">
      <h2>{stranger.serial || t("quarantine.nameless")}</h2>
      <p class="note">
        {maybe(`family.${stranger.family}`) ?? stranger.family} · {stranger.listener} ·{" "}
        <code>{stranger.address}</code>
      </p>
      <p class="note">
        {t("quarantine.seen", { n: stranger.times, age: seen.value })}{" "}
        {t("quarantine.since", { at: format.dateTime(Date.parse(stranger.first_seen)) })}
      </p>
    </div>
  );
}

/** Logins fill a number up with zeros; to the head end it is the same meter without them. */
const numberOf = ({ serial }: Quarantined): string => serial.replace(/^0+(?=.)/, "");

const likely = ({ family }: Quarantined, drivers: readonly Driver[]): string =>
  [LIKELY[family], OTHERWISE].find((name) => drivers.some((driver) => driver.name === name)) ?? "";
