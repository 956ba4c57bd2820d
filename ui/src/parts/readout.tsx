import { useComputed, useSignal } from "@preact/signals";
import { useCallback } from "preact/hooks";
import * as format from "../format";
import { TRACE_SPAN } from "../plant/meter";
import { t } from "../words";
import { useHeadEnd } from "./context";
import { Sparkline } from "./sparkline";

/** The top of the overview: the plant in four figures. */
export function Readout() {
  return (
    <section class="readout" aria-label={t("readout.label")}>
      <PlantPower />
      <PowerFactor />
      <EnergyToday />
      <MeterCounts />
    </section>
  );
}

function PlantPower() {
  const { plant } = useHeadEnd();
  const text = useComputed(() => {
    const { counted, kilowatts } = plant.shownTotal.value;
    return format.fixed(counted ? kilowatts : null, 1);
  });
  const source = useComputed(() =>
    t("readout.counted", { n: plant.shownTotal.value.counted, of: plant.meters.value.size }),
  );
  const low = useSignal("");
  const high = useSignal("");
  const onRange = useCallback((from: number, to: number) => {
    low.value = format.fixed(from, 0);
    high.value = format.fixed(to, 0);
  }, []);
  return (
    <div class="cell power">
      <div class="figure">
        <h2 class="label">{t("readout.power")}</h2>
        <p class="hero">
          <span data-testid="plant-power">{text}</span>
          <span class="unit"> kW</span>
        </p>
        <p class="note">{source}</p>
      </div>
      <figure class="strip-chart">
        <Sparkline
          trace={plant.trace}
          traced={plant.traced}
          span={TRACE_SPAN}
          fill
          onRange={onRange}
        />
        <span class="scale high">{high}</span>
        <span class="scale low">{low}</span>
        <figcaption class="axis">
          <span>{t("readout.minutes-ago", { n: TRACE_SPAN / 60 })}</span>
          <span>{t("readout.minutes-ago", { n: TRACE_SPAN / 120 })}</span>
          <span>{t("readout.now")}</span>
        </figcaption>
      </figure>
    </div>
  );
}

/** The part of the scale a plant lives on. */
const FACTOR_FROM = 0.7;

function PowerFactor() {
  const { plant } = useHeadEnd();
  const text = useComputed(() => format.fixed(plant.shownTotal.value.factor, 3));
  const place = useComputed(() => {
    const factor = Math.abs(plant.shownTotal.value.factor ?? 0);
    return Math.min(1, Math.max(0, (factor - FACTOR_FROM) / (1 - FACTOR_FROM)));
  });
  const known = useComputed(() => plant.shownTotal.value.factor !== null);
  return (
    <div class="cell">
      <h2 class="label">{t("quantity.power-factor")}</h2>
      <p class="figure-l">{text}</p>
      <Ruler place={known.value ? place.value : null} marks={["0.7", "0.8", "0.9", "1"]} />
    </div>
  );
}

function Ruler({ place, marks }: { place: number | null; marks: string[] }) {
  return (
    <svg class="ruler" viewBox="0 0 160 26" aria-hidden="true">
      {Array.from({ length: 31 }, (_, index) => (
        <path
          key={index}
          d={`M${5 + index * 5} 4v${index % 10 === 0 ? 8 : index % 5 === 0 ? 6 : 4}`}
          class={index % 10 === 0 ? "major" : "minor"}
        />
      ))}
      {marks.map((mark, index) => (
        <text key={mark} x={5 + index * 50} y="24" text-anchor="middle">
          {mark}
        </text>
      ))}
      {place !== null && <path class="needle" d={`M${5 + place * 150} 0v14`} />}
    </svg>
  );
}

function EnergyToday() {
  const { plant } = useHeadEnd();
  const text = useComputed(() => format.fixed(plant.energyToday.value?.kilowattHours, 0));
  const source = useComputed(() => {
    const today = plant.energyToday.value;
    return today ? t("readout.counted", { n: today.counted, of: plant.meters.value.size }) : "";
  });
  return (
    <div class="cell">
      <h2 class="label">{t("readout.today")}</h2>
      <p class="figure-l">
        {text}
        <span class="unit"> kWh</span>
      </p>
      <p class="note">{source}</p>
    </div>
  );
}

const STATUSES = ["online", "offline", "unknown"] as const;

function MeterCounts() {
  const { plant } = useHeadEnd();
  const counts = plant.counts.value;
  const all = plant.meters.value.size;
  return (
    <div class="cell">
      <h2 class="label">{t("readout.meters")}</h2>
      <p class="figure-l">
        {format.count(counts.online)}
        <span class="unit"> {t("readout.of-online", { of: format.count(all) })}</span>
      </p>
      <div class="share" aria-hidden="true">
        {STATUSES.map((status) =>
          counts[status] > 0 ? (
            <span key={status} class={status} style={{ flexGrow: counts[status] }} />
          ) : null,
        )}
      </div>
      <p class="note">
        <span class={counts.offline ? "alarm-text" : ""} data-testid="offline-count">
          {t("readout.offline", { n: counts.offline })}
        </span>
        {" · "}
        <span>{t("readout.unknown", { n: counts.unknown })}</span>
      </p>
    </div>
  );
}
