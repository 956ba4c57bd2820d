import { useComputed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import * as format from "../format";
import { CommandsView } from "../parts/commands-view";
import { useHeadEnd } from "../parts/context";
import { EventsView } from "../parts/events-view";
import { Back } from "../parts/icons";
import { LiveView } from "../parts/live-view";
import { ObjectsView } from "../parts/objects-view";
import { ProfileView } from "../parts/profile-view";
import { ReadNow } from "../parts/read-now";
import { StandingDot } from "../parts/standing";
import { TraceView } from "../parts/trace-view";
import type { MeterModel } from "../plant/meter";
import { type MeterTab, meterAddress, TABS } from "../router";
import { maybe, t } from "../words";

interface Properties {
  serial: string;
  tab: MeterTab;
}

export function MeterPage({ serial, tab }: Properties) {
  const { plant } = useHeadEnd();
  const meter = plant.meters.value.get(serial);
  if (!meter) {
    return (
      <main class="meter-page">
        <BackLink />
        <p class="nothing">
          {t(plant.loaded.value ? "meter.missing" : "overview.loading", { serial })}
        </p>
      </main>
    );
  }
  return <KnownMeter key={serial} meter={meter} tab={tab} />;
}

/** Who may only look finds no traces and commands. */
const ACTING: readonly MeterTab[] = ["trace", "commands"];

function KnownMeter({ meter, tab }: { meter: MeterModel; tab: MeterTab }) {
  const { plant, session } = useHeadEnd();
  const tabs = plant.speaksDLMS(meter)
    ? TABS.filter((name) => session.mayAct.value || !ACTING.includes(name))
    : [];
  const shown = tabs.includes(tab) ? tab : "live";
  const View = VIEWS[shown];
  return (
    <main class="meter-page">
      <Head meter={meter} />
      {tabs.length > 0 && <Tabs serial={meter.serial} tabs={tabs} shown={shown} />}
      <View meter={meter} />
    </main>
  );
}

interface TabsProperties {
  serial: string;
  tabs: readonly MeterTab[];
  shown: MeterTab;
}

function Tabs({ serial, tabs, shown }: TabsProperties) {
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone they are wider than the screen.
    const current = nav.current?.querySelector("[aria-current]");
    current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [shown]);
  return (
    <nav class="tabs" ref={nav} aria-label={t("tabs.label")}>
      {tabs.map((name) => (
        <a
          key={name}
          href={meterAddress(serial, name)}
          aria-current={name === shown ? "page" : undefined}
        >
          {t(`tab.${name}`)}
        </a>
      ))}
    </nav>
  );
}

const VIEWS = {
  live: LiveView,
  profile: ProfileView,
  events: EventsView,
  objects: ObjectsView,
  trace: TraceView,
  commands: CommandsView,
};

const BackLink = () => (
  <a class="back" href="#/">
    <Back /> {t("nav.overview")}
  </a>
);

function Head({ meter }: { meter: MeterModel }) {
  const { plant } = useHeadEnd();
  const info = meter.info.value;
  const place = [plant.areaName(info.area), info.room, info.panel].filter(Boolean).join(" › ");
  return (
    <div class="meter-head">
      <div class="title">
        <BackLink />
        <h1>
          <StandingDot standing={meter.standing.value} />
          {meter.title}
        </h1>
        <p class="note">
          {place}
          {place && " · "}
          <code>{info.serial}</code>
        </p>
      </div>
      <Condition meter={meter} />
      <ReadNow meter={meter} />
    </div>
  );
}

/** How the meter is doing, since when, and why. */
function Condition({ meter }: { meter: MeterModel }) {
  const { now } = useHeadEnd();
  const info = meter.info.value;
  const standing = meter.standing.value;
  const since = useComputed(() =>
    info.since ? t("meter.since", { age: format.age(now.value - Date.parse(info.since)) }) : "",
  );
  return (
    <div class={`condition ${standing}`} data-testid="condition">
      <p>
        <b>{maybe(`lifecycle.${info.status}`) ?? t(`state.${standing}`)}</b>{" "}
        <span class="note">{since}</span>
      </p>
      {info.reason && <p class="reason">{info.reason}</p>}
      {info.warning && <p class="reason warn-text">{info.warning}</p>}
    </div>
  );
}
