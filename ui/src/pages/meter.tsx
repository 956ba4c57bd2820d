import { type ReadonlySignal, useComputed, useSignal } from "@preact/signals";
import * as format from "../format";
import { useHeadEnd } from "../parts/context";
import { History } from "../parts/history";
import { Back } from "../parts/icons";
import { LatestTable } from "../parts/latest-table";
import { LiveCharts } from "../parts/live-charts";
import { LiveNumber } from "../parts/number";
import { ReadNow } from "../parts/read-now";
import { StandingDot } from "../parts/standing";
import { type Figure, frequency, powerCode } from "../plant/figures";
import type { MeterModel } from "../plant/meter";
import { maybe, t, type Word } from "../words";

export function MeterPage({ serial }: { serial: string }) {
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
  return <KnownMeter key={serial} meter={meter} />;
}

function KnownMeter({ meter }: { meter: MeterModel }) {
  const chosen = useSignal("");
  // Until somebody chooses, the history is that of the power.
  const code = useComputed(() => chosen.value || powerCode(meter.latest.value) || firstCode(meter));
  const choose = (obis: string) => {
    chosen.value = obis;
  };
  return (
    <main class="meter-page">
      <Head meter={meter} />
      <Figures meter={meter} />
      <div class="columns">
        <div class="main-column">
          <LiveCharts meter={meter} />
          {code.value && <History meter={meter} code={code.value} onCode={choose} />}
          <Facts meter={meter} />
        </div>
        <div class="side-column">
          <LatestTable meter={meter} code={code} onCode={choose} />
        </div>
      </div>
    </main>
  );
}

const firstCode = (meter: MeterModel): string => meter.latest.value.keys().next().value ?? "";

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

function Figures({ meter }: { meter: MeterModel }) {
  const hertz = useComputed(() => frequency(meter.latest.value));
  const figures: [Word, ReadonlySignal<Figure | null>, number, string][] = [
    ["quantity.power", meter.power, 2, "kW"],
    ["quantity.voltage", meter.voltage, 1, "V"],
    ["quantity.current", meter.current, 2, "A"],
    ["quantity.power-factor", meter.factor, 3, ""],
    ["quantity.frequency", hertz, 2, "Hz"],
    ["quantity.energy", meter.energy, 1, "kWh"],
  ];
  return (
    <section class="readout figures" aria-label={t("meter.figures")} data-state={meter.standing}>
      {figures.map(([word, figure, decimals, unit]) => (
        <div key={word} class="cell">
          <h2 class="label">{t(word)}</h2>
          <p class="figure-l">
            <LiveNumber figure={figure} decimals={decimals} unit={unit} />
          </p>
        </div>
      ))}
    </section>
  );
}

function Facts({ meter }: { meter: MeterModel }) {
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
