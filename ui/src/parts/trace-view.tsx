import type { Frame } from "../api/wire-cosem";
import * as format from "../format";
import { meterPath } from "../plant/loading";
import type { MeterModel } from "../plant/meter";
import { outline } from "../plant/outline";
import { t } from "../words";
import { Absent } from "./absent";
import { useHeadEnd } from "./context";
import { Refresh } from "./icons";
import { useLoaded } from "./use-loaded";

/** The last octets to and from a meter, explained; secrets were blanked before they were kept. */
export function TraceView({ meter }: { meter: MeterModel }) {
  const { rest } = useHeadEnd();
  const { loaded, again } = useLoaded(
    () => rest.get<{ frames: Frame[] }>(meterPath(meter, "trace")),
    [meter],
  );
  const frames = loaded.value && "value" in loaded.value ? loaded.value.value.frames : [];
  return (
    <section class="view panel trace-view" aria-label={t("tab.trace")}>
      <div class="bar">
        <span class="note">{t("trace.count", { n: frames.length })}</span>
        <span class="spring" />
        <button type="button" class="button" onClick={again}>
          <Refresh /> {t("trace.refresh")}
        </button>
      </div>
      {frames.length === 0 ? (
        <Absent loaded={loaded.value} otherwise="trace.none" />
      ) : (
        <ol class="frames">
          {/* The newest is what one looks for. */}
          {[...frames].reverse().map((frame, index) => (
            <FrameRow key={`${frame.at} ${index}`} frame={frame} />
          ))}
        </ol>
      )}
    </section>
  );
}

function FrameRow({ frame }: { frame: Frame }) {
  return (
    <li class={frame.direction}>
      <details>
        <summary>
          <time dateTime={frame.at} title={format.dateTime(Date.parse(frame.at))}>
            {format.preciseTime(Date.parse(frame.at))}
          </time>
          <span class="direction">{t(`trace.${frame.direction}`)}</span>
          <span class="summary-text">{frame.summary}</span>
          <span class="note">{t("trace.octets", { n: frame.octets.length / 2 })}</span>
        </summary>
        <pre class="octets">{format.octets(frame.octets)}</pre>
        <pre>{outline(frame.explained)}</pre>
      </details>
    </li>
  );
}
