import { type ReadonlySignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Trace } from "../plant/trace";
import { colour, dark } from "../theme";

interface Properties {
  trace: Trace;
  /** Changes when the trace has grown. */
  traced: ReadonlySignal<number>;
  /** Seconds the width stands for. */
  span: number;
  fill?: boolean;
  /** Told the range that is drawn, whenever it is drawn. */
  onRange?: (low: number, high: number) => void;
}

/** Below this share of its size a change is noise, and is not blown up to fill the height. */
const LEAST_SPREAD = 0.04;
const MARGIN = 3;

/** The last minutes of one value, drawn when it grows and only while it can be seen. */
export function Sparkline({ trace, traced, span, fill = false, onRange }: Properties) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const visible = useRef(false);
  const draw = useRef(() => {});
  draw.current = () => {
    if (!canvas.current || !visible.current || trace.times.length === 0) return;
    const [low, high] = paint(canvas.current, trace, span, fill);
    onRange?.(low, high);
  };

  useSignalEffect(() => {
    void traced.value;
    void dark.value;
    draw.current();
  });

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const seen = new IntersectionObserver(([entry]) => {
      visible.current = entry?.isIntersecting ?? false;
      draw.current();
    });
    const resized = new ResizeObserver(() => draw.current());
    seen.observe(element);
    resized.observe(element);
    return () => {
      seen.disconnect();
      resized.disconnect();
    };
  }, []);

  // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a canvas takes no focus unless it is told to
  return <canvas class="spark" ref={canvas} aria-hidden="true" />;
}

function paint(canvas: HTMLCanvasElement, trace: Trace, span: number, fill: boolean) {
  const ratio = devicePixelRatio;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (canvas.width !== width * ratio || canvas.height !== height * ratio) {
    canvas.width = width * ratio;
    canvas.height = height * ratio;
  }
  const range = rangeOf(trace, span);
  const context = canvas.getContext("2d");
  if (!context) return range;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const end = trace.times[trace.times.length - 1] ?? 0;
  const x = (time: number) => width - MARGIN - ((end - time) / span) * (width - MARGIN);
  const y = (value: number) =>
    height - MARGIN - ((value - range[0]) / (range[1] - range[0])) * (height - 2 * MARGIN);
  line(context, trace, x, y, end - span);
  context.strokeStyle = colour("signal");
  context.lineWidth = fill ? 1.75 : 1.1;
  context.lineJoin = "round";
  context.stroke();
  if (fill) shade(context, x(Math.max(trace.times[0] ?? end, end - span)), x(end), height);
  context.beginPath();
  context.arc(x(end), y(trace.last ?? 0), fill ? 2.75 : 1.6, 0, 2 * Math.PI);
  context.fillStyle = colour("signal");
  context.fill();
  return range;
}

function rangeOf(trace: Trace, span: number): readonly [number, number] {
  const from = (trace.times[trace.times.length - 1] ?? 0) - span;
  const values = trace.values.filter((_, index) => (trace.times[index] as number) >= from);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const spread = Math.max(high - low, LEAST_SPREAD * Math.max(Math.abs(low), Math.abs(high)), 1e-6);
  const middle = (low + high) / 2;
  return [middle - spread / 2, middle + spread / 2];
}

type Scale = (value: number) => number;

function line(context: CanvasRenderingContext2D, trace: Trace, x: Scale, y: Scale, from: number) {
  context.beginPath();
  trace.times.forEach((time, index) => {
    if (time >= from) context.lineTo(x(time), y(trace.values[index] as number));
  });
}

function shade(context: CanvasRenderingContext2D, left: number, right: number, height: number) {
  const gradient = context.createLinearGradient(0, 0, 0, height);
  gradient.addColorStop(0, colour("signal-soft"));
  gradient.addColorStop(1, colour("signal-fade"));
  context.lineTo(right, height);
  context.lineTo(left, height);
  context.closePath();
  context.fillStyle = gradient;
  context.fill();
}
