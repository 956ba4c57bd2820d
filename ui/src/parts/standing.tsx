import type { Standing } from "../plant/freshness";
import { t } from "../words";

/** Shape and colour both tell the state, so that neither is needed alone. */
export function StandingDot({ standing }: { standing: Standing }) {
  return (
    <span
      class={`dot ${standing}`}
      role="img"
      aria-label={t(`state.${standing}`)}
      title={t(`state.${standing}`)}
    />
  );
}
