import { type ReadonlySignal, useComputed } from "@preact/signals";
import type { Quality } from "../api/wire";
import type { Figure } from "../plant/figures";
import { t } from "../words";

const SIGNS: Record<Exclude<Quality, "good">, string> = { suspect: "?", bad: "!", estimated: "~" };

/** Stands beside a value that is not good, and says why. */
export function QualityMark({ figure }: { figure: ReadonlySignal<Figure | null> }) {
  const quality = useComputed(() => figure.value?.quality ?? "good");
  return <Mark quality={quality.value} />;
}

export function Mark({ quality }: { quality: Quality }) {
  if (quality === "good") return null;
  const text = t(`quality.${quality}`);
  return (
    <span class={`mark ${quality}`} role="img" aria-label={text} title={text}>
      {SIGNS[quality]}
    </span>
  );
}
