import { type ReadonlySignal, useComputed, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import * as format from "../format";
import type { Figure } from "../plant/figures";
import { QualityMark } from "./quality-mark";

/** How long a changed value stays lit. */
const LIT_MS = 700;

interface Properties {
  figure: ReadonlySignal<Figure | null>;
  decimals: number;
  unit?: string;
  class?: string;
}

/** A live number. Only its text node changes, and it lights up for a moment when it does. */
export function LiveNumber({ figure, decimals, unit, ...rest }: Properties) {
  const element = useRef<HTMLSpanElement>(null);
  const text = useComputed(() => format.fixed(figure.value?.value, decimals));
  const quality = useComputed(() => figure.value?.quality ?? "good");
  useFlash(element, text);
  return (
    <span class={`number ${rest.class ?? ""}`} data-quality={quality}>
      <span ref={element}>{text}</span>
      {unit && <span class="unit"> {unit}</span>}
      <QualityMark figure={figure} />
    </span>
  );
}

/**
 * Lights an element when its text changes, but not when it first appears. On and off in two
 * steps: hundreds of fading colours would keep a browser painting without a pause.
 */
function useFlash(
  element: { readonly current: HTMLElement | null },
  text: ReadonlySignal<string>,
): void {
  const before = useRef<string | null>(null);
  useSignalEffect(() => {
    const changed = before.current !== null && before.current !== text.value;
    before.current = text.value;
    const target = element.current;
    if (!changed || !target || document.hidden) return;
    target.dataset["lit"] = "";
    const timer = setTimeout(() => delete target.dataset["lit"], LIT_MS);
    return () => clearTimeout(timer);
  });
}
