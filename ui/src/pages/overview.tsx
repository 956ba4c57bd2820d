import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { keep, kept } from "../kept";
import { useHeadEnd } from "../parts/context";
import { Controls, type Layout } from "../parts/controls";
import { LineStrip } from "../parts/line-strip";
import { MeterTable } from "../parts/meter-table";
import { Readout } from "../parts/readout";
import { arrange, type Criteria, DEFAULTS, fromQuery, toQuery } from "../plant/arrangement";
import { remember, route } from "../router";
import { t } from "../words";

const LAYOUT_KEY = "hesd.layout";
/** Rows sorted by a live value change places this often, and not under the reader's finger. */
const SETTLE_MS = 5_000;

export function OverviewPage() {
  const { plant, now } = useHeadEnd();
  const layout = useSignal<Layout>(
    kept("localStorage", LAYOUT_KEY) === "tiles" ? "tiles" : "table",
  );
  const criteria = useSignal<Criteria>(
    route.value.page === "overview" ? fromQuery(route.value.query) : DEFAULTS,
  );
  const beat = useComputed(() =>
    criteria.value.sort === "name" ? 0 : Math.floor(now.value / SETTLE_MS),
  );
  const groups = useComputed(() => {
    void beat.value;
    return arrange(plant.meters.value.values(), criteria.value, (code) => plant.areaName(code));
  });

  useSignalEffect(() => remember(toQuery(criteria.value)));
  useSignalEffect(() => keep("localStorage", LAYOUT_KEY, layout.value));

  return (
    <main class="overview">
      <h1 class="hidden">{t("nav.overview")}</h1>
      <Readout />
      <LineStrip />
      <Controls criteria={criteria} layout={layout} />
      {groups.value.length > 0 ? (
        <MeterTable groups={groups.value} criteria={criteria} layout={layout.value} />
      ) : (
        <Nothing onReset={() => (criteria.value = DEFAULTS)} />
      )}
    </main>
  );
}

function Nothing({ onReset }: { onReset: () => void }) {
  const { plant } = useHeadEnd();
  if (!plant.loaded.value) return <p class="nothing">{t("overview.loading")}</p>;
  if (plant.meters.value.size === 0) return <p class="nothing">{t("overview.no-meters")}</p>;
  return (
    <p class="nothing">
      {t("overview.no-match")}{" "}
      <button type="button" class="button" onClick={onReset}>
        {t("overview.show-all")}
      </button>
    </p>
  );
}
