import { type ReadonlySignal, useComputed } from "@preact/signals";
import * as format from "../format";
import { credit, type Figure, frequency } from "../plant/figures";
import type { MeterModel } from "../plant/meter";
import { relayOf } from "../plant/relay";
import { t, type Word } from "../words";
import { LiveNumber } from "./number";
import { RelayMark } from "./relay-mark";

/** The newest values everybody asks for; of a meter with prepayment or a relay those too. */
export function Figures({ meter }: { meter: MeterModel }) {
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
      <Prepayment meter={meter} />
    </section>
  );
}

function Prepayment({ meter }: { meter: MeterModel }) {
  const left = credit(meter.latest.value);
  const relay = relayOf(meter);
  return (
    <>
      {left && (
        <div class="cell">
          <h2 class="label">{t("quantity.credit")}</h2>
          <p class="figure-l">
            {format.value(left.value, left.unit)} <span class="unit">{left.unit}</span>
          </p>
        </div>
      )}
      {relay && (
        <div class="cell">
          <h2 class="label">{t("quantity.relay")}</h2>
          <p class="relay-figure" data-testid="relay">
            <RelayMark status={relay} /> {t(`relay.${relay}`)}
          </p>
        </div>
      )}
    </>
  );
}
