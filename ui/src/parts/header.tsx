import { useComputed } from "@preact/signals";
import { dateTime, time } from "../format";
import { route } from "../router";
import { nextTheme, theme } from "../theme";
import { t } from "../words";
import { useHeadEnd } from "./context";
import { Auto, Leave, Logo, Moon, Quarantine, Sun } from "./icons";

export function Header() {
  const { session, rest } = useHeadEnd();
  const page = route.value.page;
  return (
    <header class="header">
      <a class="home" href="#/" aria-label={t("nav.home")}>
        <Logo />
        <span>hesd</span>
      </a>
      <nav aria-label={t("nav.label")}>
        <a href="#/" aria-current={page === "overview" ? "page" : undefined}>
          {t("nav.overview")}
        </a>
        <a href="#/lines" aria-current={page === "lines" ? "page" : undefined}>
          {t("nav.lines")}
        </a>
        <QuarantineLink current={page === "quarantine"} />
      </nav>
      <Connection />
      <Clock />
      <ThemeButton />
      <button
        type="button"
        class="button quiet"
        onClick={() => void session.signOut(rest)}
        title={t("nav.sign-out.title", { user: session.user.value?.username ?? "" })}
      >
        <Leave />
        <span class="wide">{t("nav.sign-out")}</span>
      </button>
    </header>
  );
}

/** Shown while somebody waits there, with how many. */
function QuarantineLink({ current }: { current: boolean }) {
  const { plant } = useHeadEnd();
  const waiting = plant.quarantine.value.length;
  if (waiting === 0 && !current) return null;
  return (
    <a
      href="#/quarantine"
      aria-current={current ? "page" : undefined}
      aria-label={`${t("nav.quarantine")}: ${t("quarantine.waiting", { n: waiting })}`}
    >
      <span class="wide">{t("nav.quarantine")}</span>
      <span class="narrow">
        <Quarantine />
      </span>
      {waiting > 0 && <span class="badge">{waiting}</span>}
    </a>
  );
}

/** Whether values on this page are live, in one word and one colour. */
function Connection() {
  const { feed, now } = useHeadEnd();
  const state = feed.state.value;
  const wait = useComputed(() => {
    const current = feed.state.value;
    if (current.kind !== "waiting") return "";
    const left = Math.max(1, Math.ceil((current.until - now.value) / 1_000));
    return t("feed.waiting", { n: left });
  });
  return (
    <div class={`connection ${state.kind}`} role="status">
      <span class="beacon" aria-hidden="true" />
      {state.kind === "waiting" ? (
        <>
          <span>{t("feed.lost")}</span>
          <span class="wide" aria-hidden="true">
            {wait}
          </span>
          <button type="button" class="link" onClick={() => feed.retryNow()}>
            {t("feed.retry")}
          </button>
        </>
      ) : (
        <span>{t(`feed.${state.kind}`)}</span>
      )}
    </div>
  );
}

function Clock() {
  const { now } = useHeadEnd();
  const shown = useComputed(() => time(now.value));
  return (
    <time class="clock wide" title={dateTime(now.peek())}>
      {shown}
    </time>
  );
}

const ICONS = { auto: Auto, light: Sun, dark: Moon };

function ThemeButton() {
  const Icon = ICONS[theme.value];
  const label = t("theme.label", { theme: t(`theme.${theme.value}`) });
  return (
    <button type="button" class="button quiet" onClick={nextTheme} aria-label={label} title={label}>
      <Icon />
    </button>
  );
}
