import { signal } from "@preact/signals";

/**
 * Addresses live behind the `#`: the page then works under any path, from any static server,
 * and what is looked at never reaches a log.
 */
export type Route =
  | { page: "overview"; query: URLSearchParams }
  | { page: "meter"; serial: string }
  | { page: "lines" };

export const route = signal<Route>(parse(location.hash));

addEventListener("hashchange", () => {
  route.value = parse(location.hash);
});

export function parse(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [page, serial] = path.split("/");
  if (page === "meters" && serial) return { page: "meter", serial: decodeURIComponent(serial) };
  if (page === "lines") return { page: "lines" };
  return { page: "overview", query: new URLSearchParams(query) };
}

export const meterAddress = (serial: string): string => `#/meters/${encodeURIComponent(serial)}`;

/** Keeps the address in step with what is filtered, without a new step in the history. */
export function remember(query: URLSearchParams): void {
  const text = query.toString();
  history.replaceState(null, "", text ? `#/?${text}` : "#/");
}
