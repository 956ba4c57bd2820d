import { useSignal } from "@preact/signals";
import { meterPath } from "../plant/loading";
import type { MeterModel } from "../plant/meter";
import { digitsOf, flawOf, grouped } from "../plant/token";
import { t } from "../words";
import { CommandReport } from "./command-report";
import { useJob } from "./use-job";

interface Properties {
  meter: MeterModel;
  onOver: () => void;
}

/** Gives a prepayment token to the meter. Once it is accepted the page forgets its digits. */
export function TokenCommand({ meter, onOver }: Properties) {
  const followed = useJob(onOver);
  const typed = useSignal("");
  const amount = useSignal("");
  const flaw = useSignal<"length" | "range" | null>(null);
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    const token = digitsOf(typed.value);
    flaw.value = flawOf(token);
    if (flaw.value !== null) return;
    const paid = amount.value === "" ? {} : { amount: Number(amount.value) };
    if (!(await followed.start(meterPath(meter, "tokens"), { token, ...paid }))) return;
    typed.value = "";
    amount.value = "";
  }
  const sent = followed.job.value?.arguments["token"];
  return (
    <section class="command panel" aria-label={t("token.title")}>
      <div class="bar">
        <h2 class="label">{t("token.title")}</h2>
      </div>
      <form class="command-body" onSubmit={(event) => void submit(event)} noValidate>
        <div class="fields">
          <label class="grow">
            <span class="label">{t("token.digits")}</span>
            <input
              class="field digits"
              name="token"
              inputMode="numeric"
              autoComplete="off"
              spellcheck={false}
              placeholder="0000 0000 0000 0000 0000"
              value={typed.value}
              aria-invalid={flaw.value !== null}
              aria-describedby="token-flaw"
              onInput={(event) => {
                const { value, selectionStart } = event.currentTarget;
                // Who corrects a digit in the middle is not to lose the place.
                typed.value = selectionStart === value.length ? grouped(value) : value;
                flaw.value = null;
              }}
            />
          </label>
          <label>
            <span class="label">{t("token.amount")}</span>
            <input
              class="field amount"
              name="amount"
              type="number"
              min="0"
              step="any"
              value={amount.value}
              onInput={(event) => {
                amount.value = event.currentTarget.value;
              }}
            />
          </label>
          <button type="submit" class="button primary" disabled={followed.busy}>
            {t("token.send", { meter: meter.title })}
          </button>
        </div>
        <p class="refusal" id="token-flaw" role="alert">
          {flaw.value && t(`token.${flaw.value}`)}
        </p>
        {typeof sent === "string" && <p class="note">{t("token.sent", { token: sent })}</p>}
        <CommandReport followed={followed} />
      </form>
    </section>
  );
}
