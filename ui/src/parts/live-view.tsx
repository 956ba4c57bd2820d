import { useComputed, useSignal } from "@preact/signals";
import { powerCode } from "../plant/figures";
import type { MeterModel } from "../plant/meter";
import { Facts } from "./facts";
import { Figures } from "./figures";
import { History } from "./history";
import { LatestTable } from "./latest-table";
import { LiveCharts } from "./live-charts";

/** One meter as it is now, and how it came there. */
export function LiveView({ meter }: { meter: MeterModel }) {
  const chosen = useSignal("");
  // Until somebody chooses, the history is that of the power.
  const code = useComputed(() => chosen.value || powerCode(meter.latest.value) || firstCode(meter));
  const choose = (obis: string) => {
    chosen.value = obis;
  };
  return (
    <>
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
    </>
  );
}

const firstCode = (meter: MeterModel): string => meter.latest.value.keys().next().value ?? "";
