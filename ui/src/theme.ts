import { effect, signal } from "@preact/signals";
import { keep, kept } from "./kept";

export type Theme = "auto" | "light" | "dark";

const KEY = "hesd.theme";
const THEMES: readonly Theme[] = ["auto", "light", "dark"];
const systemDark = matchMedia("(prefers-color-scheme: dark)");

const stored = kept("localStorage", KEY) as Theme | null;
export const theme = signal<Theme>(stored && THEMES.includes(stored) ? stored : "auto");

/** Changes whenever colours do: what is drawn on a canvas must be drawn again. */
export const dark = signal(isDark());

function isDark(): boolean {
  return theme.peek() === "auto" ? systemDark.matches : theme.peek() === "dark";
}

effect(() => {
  document.documentElement.dataset.theme = theme.value;
  keep("localStorage", KEY, theme.value);
  dark.value = isDark();
});
systemDark.addEventListener("change", () => {
  dark.value = isDark();
});

export function nextTheme(): void {
  const index = THEMES.indexOf(theme.peek());
  theme.value = THEMES[(index + 1) % THEMES.length] as Theme;
}

let probe: HTMLElement | undefined;

/** A colour token as a canvas wants it: resolved for the theme of this moment. */
export function colour(name: string): string {
  probe ??= document.body.appendChild(document.createElement("i"));
  probe.hidden = true;
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}
