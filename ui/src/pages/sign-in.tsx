import { useSignal } from "@preact/signals";
import { Problem } from "../api/rest";
import { useHeadEnd } from "../parts/context";
import { Logo } from "../parts/icons";
import { PhaseWaves } from "../parts/phase-waves";
import { t } from "../words";
import { inWords } from "../words/problems";

export function SignInPage() {
  const { session, rest } = useHeadEnd();
  const busy = useSignal(false);
  const refusal = useSignal<string | null>(null);

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const fields = new FormData(form);
    busy.value = true;
    refusal.value = null;
    try {
      await session.signIn(rest, String(fields.get("username")), String(fields.get("password")));
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      refusal.value = inWords(problem);
      form.querySelector<HTMLInputElement>("[name=password]")?.select();
    } finally {
      busy.value = false;
    }
  }

  return (
    <main class="sign-in">
      <PhaseWaves />
      <form onSubmit={submit} aria-labelledby="sign-in-title">
        <div class="brand">
          <Logo />
          <h1 id="sign-in-title">hesd</h1>
          <p>{t("app.subtitle")}</p>
        </div>
        <Ending />
        <label>
          <span class="label">{t("sign-in.username")}</span>
          <input
            class="field"
            name="username"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            required
            autofocus
          />
        </label>
        <label>
          <span class="label">{t("sign-in.password")}</span>
          <input
            class="field"
            name="password"
            type="password"
            autocomplete="current-password"
            required
          />
        </label>
        <button class="button primary" type="submit" disabled={busy}>
          {busy.value ? t("sign-in.busy") : t("sign-in.submit")}
        </button>
        <p class="refusal" role="alert">
          {refusal}
        </p>
      </form>
    </main>
  );
}

function Ending() {
  const { ending } = useHeadEnd().session;
  if (!ending.value) return null;
  return (
    <p class="ending" role="status">
      {t(`sign-in.ending.${ending.value}`)}
    </p>
  );
}

/** What went wrong, as a person would say it. */
