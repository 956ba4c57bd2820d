import { useComputed, useSignal } from "@preact/signals";
import type { Job } from "../api/wire";
import type { KnownProfile, ProfileBrought } from "../api/wire-cosem";
import * as format from "../format";
import { meterPath } from "../plant/loading";
import type { MeterModel } from "../plant/meter";
import { loadRows, SPANS, type Span, spans } from "../plant/profile";
import { t } from "../words";
import { Absent } from "./absent";
import { useHeadEnd } from "./context";
import { CSVButton } from "./csv-button";
import { ProfileDrawn } from "./profile-drawn";
import { ProfileRead } from "./profile-read";
import { Segments } from "./segments";
import { useLoaded } from "./use-loaded";

/** What ends so lately ends now. */
const MINUTE_MS = 60_000;

interface Properties {
  meter: MeterModel;
}

/** What a meter captured by itself: its profiles, drawn, saved, and read anew. */
export function ProfileView({ meter }: Properties) {
  const { rest } = useHeadEnd();
  const { loaded, again } = useLoaded(
    () => rest.all<KnownProfile>(meterPath(meter, "profiles")),
    [meter],
  );
  const chosen = useSignal("");
  const found = loaded.value;
  if (found === null || "problem" in found || found.value.length === 0) {
    return <Absent loaded={found} otherwise="profile.none" />;
  }
  const profiles = found.value;
  const profile =
    profiles.find(({ obis }) => obis === chosen.value) ??
    profiles.find(({ rows }) => rows > 0) ??
    (profiles[0] as KnownProfile);
  return (
    <div class="view">
      <ProfilePanel
        key={profile.obis}
        meter={meter}
        profile={profile}
        profiles={profiles}
        onChoose={(obis) => {
          chosen.value = obis;
        }}
        onRead={again}
      />
    </div>
  );
}

interface PanelProperties extends Properties {
  profile: KnownProfile;
  profiles: readonly KnownProfile[];
  onChoose: (obis: string) => void;
  onRead: () => void;
}

function ProfilePanel({ meter, profile, profiles, onChoose, onRead }: PanelProperties) {
  const { rest, now, session } = useHeadEnd();
  const span = useSignal<Span>("day");
  // What is kept may end long before now: then that is where one looks first.
  const last = profile.last_at === null ? null : Date.parse(profile.last_at);
  const end = useSignal(endOf(last, now.peek()));
  const current = useComputed(() => now.value - end.value < MINUTE_MS);
  const length = SPANS[span.value] * 1_000;
  const path = meterPath(meter, "profiles", profile.obis);
  const { loaded, again } = useLoaded(
    () => loadRows(rest, path, end.peek() - length, end.peek()),
    [path, span.value, end.value],
  );
  const move = (by: number) => {
    end.value = Math.min(now.peek(), end.peek() + by * length);
  };
  return (
    <section class="profile panel" aria-label={t("tab.profile")}>
      <div class="bar">
        <select
          class="field"
          aria-label={t("profile.choose")}
          value={profile.obis}
          onChange={(event) => onChoose(event.currentTarget.value)}
        >
          {profiles.map(({ obis, name, rows }) => (
            <option key={obis} value={obis}>
              {t("profile.option", { name, obis, rows: format.count(rows) })}
            </option>
          ))}
        </select>
        <span class="spring" />
        <button type="button" class="button" onClick={() => move(-1)}>
          {t("profile.earlier")}
        </button>
        <button type="button" class="button" disabled={current} onClick={() => move(1)}>
          {t("profile.later")}
        </button>
        <Segments
          label={t("history.range")}
          options={spans.map((key) => [key, t(`range.${key}`)] as const)}
          chosen={span.value}
          onChoose={(key) => {
            span.value = key;
          }}
        />
        <CSVButton
          path={path}
          query={() => ({ from: iso(end.peek() - length), to: iso(end.peek()) })}
          name={`${meter.serial}-${profile.obis}`}
        />
      </div>
      <ProfileDrawn loaded={loaded.value} span={SPANS[span.value]} end={end.value / 1_000} />
      {session.mayAct.value && (
        <ProfileRead
          path={path}
          from={end.value - length}
          to={end.value}
          onRead={(job) => {
            const newest = newestOf(job);
            if (newest !== null) end.value = endOf(newest, now.peek());
            again();
            onRead();
          }}
        />
      )}
    </section>
  );
}

const iso = (at: number): string => new Date(at).toISOString();

/** Now, or just behind the last row where that is older than a day. */
function endOf(last: number | null, now: number): number {
  return last !== null && now - last > SPANS.day * 1_000 ? last + 1 : now;
}

/** When the newest row was captured, where a job has brought the newest rows. */
function newestOf({ arguments: wanted, result }: Job): number | null {
  return "newest" in wanted ? ((result as ProfileBrought | null)?.newest_ms ?? null) : null;
}
