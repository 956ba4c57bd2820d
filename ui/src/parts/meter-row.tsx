import { type ReadonlySignal, useComputed } from "@preact/signals";
import * as format from "../format";
import { credit, type Figure } from "../plant/figures";
import type { MeterModel } from "../plant/meter";
import { relayOf } from "../plant/relay";
import { meterAddress } from "../router";
import { maybe, t } from "../words";
import { LiveNumber } from "./number";
import { RelayMark } from "./relay-mark";
import { Sparkline } from "./sparkline";
import { StandingDot } from "./standing";

/** Minutes of power beside each meter. */
const SPAN = 300;

interface Properties {
  meter: MeterModel;
}

export function MeterRow({ meter }: Properties) {
  const info = meter.info.value;
  const place = [info.room, info.panel].filter(Boolean).join(" · ");
  return (
    <div class="meter" role="row" data-state={meter.standing} data-serial={info.serial}>
      <div class="name" role="cell">
        <StandingDot standing={meter.standing.value} />
        <a href={meterAddress(info.serial)}>{meter.title}</a>
        <Supply meter={meter} />
        <span class="place">{place || info.serial}</span>
      </div>
      <div class="trend" role="cell">
        <Sparkline trace={meter.trace} traced={meter.traced} span={SPAN} />
      </div>
      <div class="power" role="cell">
        <LiveNumber figure={meter.power} decimals={2} unit="kW" />
      </div>
      <Phases class="voltage" unit="V" all={meter.voltagePhases} one={meter.voltage} decimals={1} />
      <Phases class="current" unit="A" all={meter.currentPhases} one={meter.current} decimals={1} />
      <div class="factor" role="cell">
        <LiveNumber figure={meter.factor} decimals={3} unit="PF" />
      </div>
      <div class="energy" role="cell">
        <LiveNumber figure={meter.energy} decimals={1} unit="kWh" />
      </div>
      <State meter={meter} />
    </div>
  );
}

/** Of meters with a relay or a prepayment: whether the supply is on, and how much is left. */
function Supply({ meter }: Properties) {
  const relay = useComputed(() => relayOf(meter));
  const left = useComputed(() => {
    const found = credit(meter.latest.value);
    return found ? `${format.value(found.value, found.unit)} ${found.unit}` : "";
  });
  return (
    <>
      {relay.value && <RelayMark status={relay.value} />}
      {left.value && (
        <span class="credit" title={t("quantity.credit")}>
          {left}
        </span>
      )}
    </>
  );
}

interface PhasesProperties {
  class: string;
  unit: string;
  all: ReadonlySignal<readonly [Figure | null, Figure | null, Figure | null]>;
  one: ReadonlySignal<Figure | null>;
  decimals: number;
}

/** Three phases where there is room and the meter gives them, else their mean. */
function Phases({ all, one, decimals, unit, ...rest }: PhasesProperties) {
  const l1 = useComputed(() => all.value[0]);
  const l2 = useComputed(() => all.value[1]);
  const l3 = useComputed(() => all.value[2]);
  const given = useComputed(() => all.value.filter(Boolean).length);
  return (
    <div class={`${rest.class} ${given.value > 1 ? "phased" : "single"}`} role="cell">
      <span class="mean">
        <LiveNumber figure={one} decimals={decimals} unit={unit} />
      </span>
      {given.value > 1 && (
        <span class="phases">
          <LiveNumber figure={l1} decimals={decimals} />
          <LiveNumber figure={l2} decimals={decimals} />
          <LiveNumber figure={l3} decimals={decimals} />
        </span>
      )}
    </div>
  );
}

function State({ meter }: Properties) {
  const text = useComputed(() => {
    const standing = meter.standing.value;
    const age = format.age(meter.age.value);
    if (standing === "live") return age;
    if (standing === "stale") return t("state.stale.age", { age });
    const { reason, status } = meter.info.value;
    return reason || maybe(`lifecycle.${status}`) || t(`state.${standing}`);
  });
  const title = useComputed(() => meter.info.value.warning || text.value);
  return (
    <div class="state" role="cell" title={title}>
      {meter.info.value.warning && <span class="warning-sign" aria-hidden="true" />}
      <span>{text}</span>
    </div>
  );
}
