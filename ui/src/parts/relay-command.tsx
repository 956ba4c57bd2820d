import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { RelayAction } from "../api/wire-cosem";
import { meterPath } from "../plant/loading";
import type { MeterModel } from "../plant/meter";
import { readBack, relayOf } from "../plant/relay";
import { t } from "../words";
import { CommandReport } from "./command-report";
import { RelayMark } from "./relay-mark";
import { useJob } from "./use-job";

const MAX_REASON = 200;
const ACTIONS: readonly RelayAction[] = ["disconnect", "connect"];

interface Properties {
  meter: MeterModel;
  onOver: () => void;
}

/** Switches the supply, after somebody has said which meter is meant, and why. */
export function RelayCommand({ meter, onOver }: Properties) {
  const followed = useJob((job) => {
    meter.take(readBack(job));
    onOver();
  });
  const action = useSignal<RelayAction>("disconnect");
  const dialog = useRef<HTMLDialogElement>(null);
  const status = relayOf(meter);
  const ask = (wanted: RelayAction) => {
    action.value = wanted;
    dialog.current?.showModal();
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const reason = String(new FormData(form).get("reason")).trim();
    dialog.current?.close();
    form.reset();
    void followed.start(meterPath(meter, "relay"), { action: action.value, reason });
  };
  const meant = { meter: meter.title, serial: meter.serial };
  return (
    <section class="command panel" aria-label={t("quantity.relay")}>
      <div class="bar">
        <h2 class="label">{t("quantity.relay")}</h2>
        <span class="relay-state" data-testid="relay">
          {status ? (
            <>
              <RelayMark status={status} /> {t(`relay.${status}`)}
            </>
          ) : (
            <span class="note">{t("relay.not-told")}</span>
          )}
        </span>
      </div>
      <div class="command-body">
        <div class="buttons">
          {ACTIONS.map((each) => (
            <button
              key={each}
              type="button"
              class="button"
              disabled={followed.busy}
              onClick={() => ask(each)}
            >
              {t(`relay.${each}.ask`)}
            </button>
          ))}
        </div>
        <CommandReport followed={followed} />
      </div>
      <dialog ref={dialog} class="confirm" aria-labelledby="relay-question">
        <form onSubmit={submit}>
          <h3 id="relay-question">{t(`relay.${action.value}.question`, meant)}</h3>
          <p class="note">{t(`relay.${action.value}.consequence`)}</p>
          <label>
            <span class="label">{t("relay.reason")}</span>
            <input class="field" name="reason" required pattern=".*\S.*" maxLength={MAX_REASON} />
          </label>
          <div class="buttons">
            <button type="button" class="button" onClick={() => dialog.current?.close()}>
              {t("relay.cancel")}
            </button>
            <button type="submit" class="button primary">
              {t(`relay.${action.value}.confirm`, meant)}
            </button>
          </div>
        </form>
      </dialog>
    </section>
  );
}
