import * as format from "../format";
import { maybe } from "../words";

interface Properties {
  title: string;
  /** How often, by reason. */
  counts: Record<string, number>;
  /** Where the words of the reasons begin in the dictionary. */
  words: string;
  none: string;
}

/** Why things were thrown away or turned down, the most frequent first. */
export function Reasons({ title, counts, words, none }: Properties) {
  const reasons = Object.entries(counts)
    .filter(([, amount]) => amount > 0)
    .sort(([, a], [, b]) => b - a);
  const most = Math.max(1, ...reasons.map(([, amount]) => amount));
  return (
    <div class="discarded">
      <h3 class="label">{title}</h3>
      {reasons.length === 0 ? (
        <p class="note">{none}</p>
      ) : (
        <dl class="ruler-list">
          {reasons.map(([reason, amount]) => (
            <div key={reason}>
              <dt>{maybe(`${words}.${reason}`) ?? reason}</dt>
              <dd class="bar-cell" aria-hidden="true">
                <span style={{ transform: `scaleX(${amount / most})` }} />
              </dd>
              <dd>{format.count(amount)}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}
