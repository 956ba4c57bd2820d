import { useHeadEnd } from "../parts/context";
import { StrangerRow } from "../parts/stranger-row";
import { t } from "../words";

/** Meters that dialled in and are not known: each can be adopted, or forgotten. */
export function QuarantinePage() {
  const { plant } = useHeadEnd();
  const strangers = plant.quarantine.value;
  return (
    <main class="quarantine-page">
      <h1>{t("quarantine.title")}</h1>
      <p class="note">{t("quarantine.claim")}</p>
      {strangers.length === 0 ? (
        <p class="nothing">{t(plant.loaded.value ? "quarantine.none" : "overview.loading")}</p>
      ) : (
        <ul class="strangers">
          {strangers.map((stranger) => (
            <StrangerRow key={stranger.id} stranger={stranger} />
          ))}
        </ul>
      )}
    </main>
  );
}
