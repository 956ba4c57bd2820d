/**
 * What the head end sends, as it stands in its REST and feed contract.
 *
 * Only names the pages use are listed; anything else on the wire is left alone, so a newer
 * head end does not break an older page.
 */

import type { RelayStatus } from "./wire-cosem";

export type Quality = "good" | "suspect" | "bad" | "estimated";
export type Status = "online" | "offline" | "unknown";
/** What a meter is that is not in service. */
export type Lifecycle = "warehouse" | "faulty" | "retired";
export type Value = number | string | null;

/** One cursor page of a list. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface User {
  username: string;
  role: string;
}

export interface SignedIn {
  token: string;
  expires_at: string;
  user: User;
}

export interface Meter {
  serial: string;
  name?: string | null;
  driver: string | null;
  line: string | null;
  unit_id: number | null;
  area: string | null;
  room?: string;
  panel?: string;
  equipment?: string;
  brand?: string;
  model?: string;
  firmware?: string;
  interval?: number | null;
  status: Status | Lifecycle;
  /** Why it is offline, or what went wrong since it last answered in full. */
  reason?: string | null;
  /** Something to look at although the meter answers. */
  warning?: string | null;
  since?: string | null;
  last_seen?: string | null;
  relay_status?: RelayStatus | null;
}

export interface Area {
  code: string;
  name: string;
}

/** The newest value of one quantity; energy and power in the unit beside them (kWh, kW). */
export interface Reading {
  obis: string;
  quantity: string;
  label?: string;
  value: Value;
  unit: string;
  quality: Quality;
  at: string;
}

/** What the topic `readings/SERIAL` carries. */
export interface ReadingsData {
  readings: Reading[];
}

export interface Line {
  name: string;
  protocol: string;
  endpoint: string;
  up: boolean;
  meters: number;
  online: number;
  /** Shortest time in which the line can read every value of every meter, seconds. */
  bound_seconds: number;
  /** The same for what a screen shows moving: V, A, kW. */
  fast_bound_seconds: number;
  /** The shortest interval any of its meters is asked at, seconds. */
  period: number | null;
  /** Share of the time that the intervals ask for; above 1 they cannot be kept. */
  demand: number;
  /** Share of the last minute in which the line was taken, 0..1. */
  utilisation: number;
  last_cycle_seconds: number | null;
  advice: string[];
  counters: LineCounters;
}

export interface LineCounters {
  requests: number;
  replies: number;
  timeouts: number;
  exceptions: number;
  bytes_in: number;
  bytes_out: number;
  reconnects: number;
  busy_seconds: number;
  discarded: Record<string, number>;
}

/**
 * A row of history: one reading, or what was read in a minute, hour, day or month.
 *
 * `value` is then the mean; of a counter it is where it stood at the end, and `change` how far
 * it came.
 */
export interface HistoryRow {
  obis: string;
  at: string;
  value: Value;
  unit: string;
  min?: Value;
  max?: Value;
  change?: number | null;
}

export type JobState =
  | "accepted"
  | "queued"
  | "sent"
  | "confirmed"
  | "rejected"
  | "unknown"
  | "failed"
  | "cancelled";

export interface JobStep {
  state: JobState;
  at: string;
  detail: string;
}

export interface Job {
  id: string;
  kind: string;
  user: string;
  arguments: Record<string, unknown>;
  state: JobState;
  steps: JobStep[];
  result: unknown;
}

export interface FeedEvent {
  seq: number;
  topic: string;
  at: string;
  data: unknown;
}
