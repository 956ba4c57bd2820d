import type { Meter } from "../api/wire";

/** How a meter stands at this moment: what the head end says of it, and how old its values are. */
export type Standing = "live" | "stale" | "offline" | "unknown";

/** Below this nobody calls a value old, however fast the line is. */
const GRACE_MS = 15_000;
const MISSED_CYCLES = 3;

/** The age, in milliseconds, from which a value that should come every `period` seconds is stale. */
export function staleAfter(period: number | null | undefined): number {
  return Math.max(GRACE_MS, MISSED_CYCLES * 1_000 * (period ?? 0));
}

export function standing(
  status: Meter["status"],
  heardAt: number | null,
  now: number,
  limit: number,
): Standing {
  if (status === "offline") return "offline";
  if (heardAt === null) return "unknown";
  if (now - heardAt > limit) return "stale";
  return status === "online" ? "live" : "unknown";
}
