import { signal } from "@preact/signals";

/**
 * Addresses live behind the `#`: the page then works under any path, from any static server,
 * and what is looked at never reaches a log.
 */
export type Route =
  | { page: "overview"; query: URLSearchParams }
  | { page: "meter"; serial: string; tab: MeterTab }
  | { page: "lines" }
  | { page: "quarantine" };

/** What there is of a meter that speaks DLMS; the others have the first only. */
export const TABS = ["live", "profile", "events", "objects", "trace", "commands"] as const;
export type MeterTab = (typeof TABS)[number];

export const route = signal<Route>(parse(location.hash));

addEventListener("hashchange", () => {
  route.value = parse(location.hash);
});

export function parse(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [page, serial, tab] = path.split("/");
  if (page === "meters" && serial) {
    const known = TABS.find((name) => name === tab) ?? "live";
    return { page: "meter", serial: decodeURIComponent(serial), tab: known };
  }
  if (page === "lines" || page === "quarantine") return { page };
  return { page: "overview", query: new URLSearchParams(query) };
}

export const meterAddress = (serial: string, tab: MeterTab = "live"): string =>
  `#/meters/${encodeURIComponent(serial)}${tab === "live" ? "" : `/${tab}`}`;

/** Keeps the address in step with what is filtered, without a new step in the history. */
export function remember(query: URLSearchParams): void {
  const text = query.toString();
  history.replaceState(null, "", text ? `#/?${text}` : "#/");
}
