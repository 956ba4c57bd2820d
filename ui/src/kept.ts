/** What this browser keeps for us. One that is told to keep nothing throws; then we only forget. */

type Where = "sessionStorage" | "localStorage";

export function kept(where: Where, key: string): string | null {
  try {
    return window[where].getItem(key);
  } catch {
    return null;
  }
}

export function keep(where: Where, key: string, value: string): void {
  try {
    window[where].setItem(key, value);
  } catch {
    // Forgotten with this page, then.
  }
}

export function forget(where: Where, key: string): void {
  try {
    window[where].removeItem(key);
  } catch {
    // It was never kept.
  }
}
