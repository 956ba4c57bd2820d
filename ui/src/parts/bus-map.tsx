import type { MeterModel } from "../plant/meter";
import { meterAddress } from "../router";
import { t } from "../words";
import { useHeadEnd } from "./context";

/** Every meter of a line or listener, so that a fault shows where it is: by its unit id, else by
 * its serial. */
export function BusMap({ name }: { name: string }) {
  const { plant } = useHeadEnd();
  const meters = [...plant.meters.value.values()]
    .filter(({ info }) => info.value.line === name)
    .sort((a, b) => place(a) - place(b));
  if (meters.length === 0) return null;
  return (
    <nav class="bus-map" aria-label={t("line.map", { line: name })}>
      {meters.map((meter) => {
        const text = `${meter.title}: ${t(`state.${meter.standing.value}`)}`;
        return (
          <a
            key={meter.serial}
            class={meter.standing.value}
            href={meterAddress(meter.serial)}
            title={text}
            aria-label={text}
          >
            {meter.info.value.unit_id ?? meter.serial}
          </a>
        );
      })}
    </nav>
  );
}

const place = ({ info }: MeterModel): number => info.value.unit_id ?? 0;
