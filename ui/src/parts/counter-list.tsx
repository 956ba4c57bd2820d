import { t, type Word } from "../words";

/** Its name, its text, and whether it should be noticed. */
export type Counter = [Word, string, boolean?];

export function CounterList({ figures }: { figures: Counter[] }) {
  return (
    <dl class="counters">
      {figures.map(([word, text, notable = false]) => (
        <div key={word}>
          <dt>{t(word)}</dt>
          <dd class={notable ? "warn-text" : ""}>{text}</dd>
        </div>
      ))}
    </dl>
  );
}
