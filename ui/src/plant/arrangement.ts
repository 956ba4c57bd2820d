import type { Figure } from "./figures";
import type { Standing } from "./freshness";
import type { MeterModel } from "./meter";
import { matching } from "./search";

export const SORTS = ["name", "power", "voltage", "current", "factor", "energy", "state"] as const;
export const GROUPINGS = ["area", "panel", "line", "none"] as const;
export const STATES = ["", "live", "stale", "offline", "unknown"] as const;
export type SortKey = (typeof SORTS)[number];
export type Grouping = (typeof GROUPINGS)[number];

/** What of the plant is shown, and in which order. */
export interface Criteria {
  text: string;
  area: string;
  state: (typeof STATES)[number];
  sort: SortKey;
  descending: boolean;
  group: Grouping;
}

export const DEFAULTS: Criteria = {
  text: "",
  area: "",
  state: "",
  sort: "name",
  descending: false,
  group: "area",
};

export interface Group {
  key: string;
  /** What people call it; empty for meters that belong nowhere. */
  name: string;
  members: MeterModel[];
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
/** Trouble first: that is what somebody who sorts by state is looking for. */
const URGENCY: Record<Standing, number> = { offline: 0, stale: 1, unknown: 2, live: 3 };

/**
 * Meters that meet the criteria, sorted, in groups by name. Values are peeked at: they do not
 * re-sort. `areaName` tells what an area's code stands for.
 */
export function arrange(
  meters: Iterable<MeterModel>,
  criteria: Criteria,
  areaName: (code: string) => string = (code) => code,
): Group[] {
  const shown = [...matching([...meters], criteria.text, searched)].filter((meter) =>
    matches(meter, criteria),
  );
  const order = criteria.descending ? -1 : 1;
  shown.sort((a, b) => order * compare(a, b, criteria.sort) || byName(a, b));
  const groups = new Map<string, MeterModel[]>();
  for (const meter of shown) {
    const key = groupOf(meter, criteria.group);
    const members = groups.get(key);
    if (members) members.push(meter);
    else groups.set(key, [meter]);
  }
  return [...groups]
    .map(([key, members]) => ({
      key,
      name: criteria.group === "area" ? areaName(key) : key,
      members,
    }))
    .sort((a, b) => collator.compare(a.name, b.name));
}

function searched({ info }: MeterModel) {
  const { serial, name, area, room, panel, line, driver } = info.value;
  return [serial, name, area, room, panel, line, driver];
}

function matches(meter: MeterModel, criteria: Criteria): boolean {
  if (criteria.area && meter.info.value.area !== criteria.area) return false;
  return !criteria.state || meter.standing.value === criteria.state;
}

function groupOf(meter: MeterModel, grouping: Grouping): string {
  return grouping === "none" ? "" : (meter.info.value[grouping] ?? "");
}

function compare(a: MeterModel, b: MeterModel, sort: SortKey): number {
  if (sort === "name") return byName(a, b);
  if (sort === "state") return URGENCY[a.standing.peek()] - URGENCY[b.standing.peek()];
  return number(a[sort].peek()) - number(b[sort].peek());
}

const byName = (a: MeterModel, b: MeterModel): number => collator.compare(a.title, b.title);
const number = (figure: Figure | null): number => figure?.value ?? Number.NEGATIVE_INFINITY;

export function toQuery(criteria: Criteria): URLSearchParams {
  const query = new URLSearchParams();
  for (const key of ["text", "area", "state", "sort", "group"] as const) {
    if (criteria[key] !== DEFAULTS[key]) query.set(key, criteria[key]);
  }
  if (criteria.descending) query.set("descending", "1");
  return query;
}

export function fromQuery(query: URLSearchParams): Criteria {
  const oneOf = <T extends string>(key: string, known: readonly T[], otherwise: T): T =>
    known.find((value) => value === query.get(key)) ?? otherwise;
  return {
    text: query.get("text") ?? DEFAULTS.text,
    area: query.get("area") ?? DEFAULTS.area,
    state: oneOf("state", STATES, DEFAULTS.state),
    sort: oneOf("sort", SORTS, DEFAULTS.sort),
    group: oneOf("group", GROUPINGS, DEFAULTS.group),
    descending: query.get("descending") === "1",
  };
}
