import { type ReadonlySignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { dateTime, fixed, time } from "../format";
import type { Columns } from "../plant/recording";
import { colour, dark } from "../theme";
import { locale } from "../words";

export interface Stroke {
  label: string;
  /** Name of a colour token. */
  colour: string;
}

interface Properties {
  strokes: Stroke[];
  unit: string;
  decimals: number;
  data: ReadonlySignal<Columns>;
  /** Shown are so many seconds up to `end`, which is in seconds since 1970. */
  span: number;
  end: ReadonlySignal<number>;
  /** Charts of one group share their cursor. */
  group?: string;
  /** A band: the first two columns after the time are its lower and upper edge. */
  kind?: "lines" | "band" | "bars";
  label: string;
}

const DAY = 86_400;

/** A uPlot chart that follows its data, its size and the theme. */
export function Chart(properties: Properties) {
  const { data, end, span } = properties;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);

  // What a series looks like is fixed when uPlot is made, so another theme is another plot.
  useSignalEffect(() => {
    void dark.value;
    const element = box.current;
    if (!element) return;
    plot.current?.destroy();
    plot.current = new uPlot(
      optionsOf(properties, element),
      data.peek() as uPlot.AlignedData,
      element,
    );
  });

  useSignalEffect(() => {
    const columns = data.value;
    const right = end.value;
    plot.current?.batch((chart: uPlot) => {
      chart.setData(columns as uPlot.AlignedData, false);
      chart.setScale("x", { min: right - span, max: right });
    });
  });

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const resized = new ResizeObserver(() => plot.current?.setSize(sizeOf(element)));
    resized.observe(element);
    return () => {
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);

  return <div class="chart" ref={box} role="img" aria-label={properties.label} />;
}

const sizeOf = (element: HTMLElement) => ({
  width: element.clientWidth,
  height: element.clientHeight,
});

function optionsOf(properties: Properties, element: HTMLElement): uPlot.Options {
  const { strokes, group, kind = "lines" } = properties;
  const axis = (more: Partial<uPlot.Axis>): uPlot.Axis => ({
    stroke: colour("ink-3"),
    font: `11px ${getComputedStyle(element).fontFamily}`,
    grid: { stroke: colour("line"), width: 1 },
    ticks: { show: false },
    ...more,
  });
  return {
    ...sizeOf(element),
    padding: [10, 18, 0, 0],
    legend: { show: false },
    cursor: {
      ...(group ? { sync: { key: group, setSeries: false } } : {}),
      points: { size: 6 },
      drag: { x: false, y: false },
    },
    scales: { x: { time: true }, y: { range: kind === "bars" ? fromNothing : paddedRange } },
    axes: [
      axis({
        space: 80,
        size: 26,
        values: (_, splits, __, ___, step) => clockLabels(splits, step),
      }),
      axis({ space: 30, size: 52, values: (_, splits) => splits.map((split) => tick(split)) }),
    ],
    series: [
      {},
      ...strokes.map((stroke, index) =>
        kind === "bars" ? bars(stroke) : curve(stroke, kind === "band" && index < 2),
      ),
    ],
    bands: kind === "band" ? [{ series: [2, 1], fill: colour("signal-soft") }] : [],
    plugins: [readout(properties)],
  };
}

const curve = (stroke: Stroke, edge: boolean): uPlot.Series => ({
  stroke: colour(edge ? `${stroke.colour}-soft` : stroke.colour),
  width: edge ? 1 : 1.5,
  points: edge ? { show: false } : { show: true, size: 4, filter: alone },
});

/** Samples with nothing on either side: no line would show them. */
function alone(plot: uPlot, series: number): number[] {
  const values = plot.data[series] ?? [];
  const missing = (index: number) => values[index] == null;
  return Array.from(values.keys()).filter(
    (index) => !missing(index) && missing(index - 1) && missing(index + 1),
  );
}

function bars(stroke: Stroke): uPlot.Series {
  const paths = uPlot.paths.bars?.({ size: [0.8, 40], align: 1 });
  return {
    stroke: colour(stroke.colour),
    fill: colour(`${stroke.colour}-soft`),
    width: 1,
    points: { show: false },
    ...(paths ? { paths } : {}),
  };
}

/** Room above and below, and no drama: a steady voltage is drawn as a steady line. */
function paddedRange(_: uPlot, low: number | null, high: number | null): uPlot.Range.MinMax {
  if (low === null || high === null) return [0, 1];
  const spread = Math.max(high - low, 0.01 * Math.max(Math.abs(low), Math.abs(high)), 0.02);
  const middle = (low + high) / 2;
  const bottom = middle - 0.6 * spread;
  return [low >= 0 ? Math.max(0, bottom) : bottom, middle + 0.6 * spread];
}

/** What was used begins at nothing. */
function fromNothing(_: uPlot, low: number | null, high: number | null): uPlot.Range.MinMax {
  return [Math.min(0, low ?? 0), Math.max(high ?? 1, 0.01) * 1.1];
}

const tick = (split: number): string => {
  const size = Math.abs(split);
  return fixed(split, size >= 1_000 || Number.isInteger(split) ? 0 : size >= 100 ? 1 : 2);
};

const date = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric" });
const HOUR = 3_600;

/** Times of day, and where a day begins its date. */
function clockLabels(splits: number[], step: number): string[] {
  const format = new Intl.DateTimeFormat(locale, {
    hour: "2-digit",
    minute: "2-digit",
    ...(step < 60 ? { second: "2-digit" } : {}),
  });
  return splits.map((split) => {
    const moment = new Date(split * 1_000);
    const begins = moment.getHours() === 0 && moment.getMinutes() === 0;
    return (step >= DAY || (step >= HOUR && begins) ? date : format).format(moment);
  });
}

/** The values under the cursor, in a line at the top of the chart. */
function readout({ strokes, span, unit, decimals }: Properties): uPlot.Plugin {
  const line = document.createElement("div");
  line.className = "chart-readout";
  const show = (plot: uPlot) => {
    const index = plot.cursor.idx;
    const at = index == null ? undefined : plot.data[0][index];
    line.hidden = at === undefined;
    if (at === undefined || index == null) return;
    const values = strokes.map(
      ({ label }, series) => `${label} ${fixed(plot.data[series + 1]?.[index], decimals)}`,
    );
    const moment = span > DAY ? dateTime(at * 1_000) : time(at * 1_000);
    line.textContent = `${moment}   ${values.join("   ")} ${unit}`;
  };
  return { hooks: { init: (plot) => plot.over.append(line), setCursor: show, setData: show } };
}
