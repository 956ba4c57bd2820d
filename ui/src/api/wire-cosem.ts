/** What the head end sends of DLMS meters alone, and of those that dial in. */

import type { Value } from "./wire";

/** A driver, as far as the pages ask; without a protocol it could not be loaded. */
export interface Driver {
  name: string;
  protocol: "modbus" | "dlms" | null;
  problem: string | null;
  vendor?: string;
}

/** A profile or log in the table of a driver. */
export interface DriverProfile {
  obis: string;
  name: string;
  kind: "load" | "billing" | "log";
}

/** A profile of a meter and what is kept of it. */
export interface KnownProfile {
  obis: string;
  name: string;
  rows: number;
  first_at: string | null;
  last_at: string | null;
}

/** What a job that read a profile has brought: the time of its last row, null without any. */
export interface ProfileBrought {
  newest_ms: number | null;
}

export interface ProfileColumn {
  class_id: number;
  obis: string;
  attribute: number;
  data_index: number;
  name: string;
  unit: string;
}

export interface ProfileRow {
  at: string;
  values: Value[];
}

export interface ProfileRows {
  columns: ProfileColumn[];
  rows: ProfileRow[];
  next: string | null;
}

/** An entry of a meter's log; `until` is null while it lasts, and where the log tells no end. */
export interface MeterEvent {
  meter: string;
  log: string;
  at: string;
  until: string | null;
  code: number | null;
  name: string;
  detail: Record<string, unknown>;
}

export interface CosemAttribute {
  number: number;
  name: string;
  readable: boolean;
  writable: boolean;
}

export interface CosemMethod {
  number: number;
  name: string;
}

/** One object of a meter's list. */
export interface CosemObject {
  class_id: number;
  class_name: string;
  version: number;
  obis: string;
  name: string;
  attributes: CosemAttribute[];
  methods: CosemMethod[];
}

/** What a job read of one attribute; of a register `shown` is its value in `unit`. */
export interface AttributeValue {
  type: string;
  value: unknown;
  shown?: unknown;
  unit?: string;
}

/** Octets on a meter's line; `octets` are hex, without the secrets that were in them. */
export interface Frame {
  at: string;
  direction: "sent" | "received";
  octets: string;
  summary: string;
  explained: unknown;
}

/** A meter that dialled in and is not known; its serial is only what it claims. */
export interface Quarantined {
  id: number;
  family: string;
  serial: string;
  address: string;
  listener: string;
  first_seen: string;
  last_seen: string;
  times: number;
}

/** Where meters dial in. `connections` are open now, `strangers` of them are nobody's yet. */
export interface Listener {
  name: string;
  endpoint: string;
  connections: number;
  strangers: number;
  meters: number;
  online: number;
  counters: ListenerCounters;
}

export interface ListenerCounters {
  accepted: number;
  /** By reason. */
  refused: Record<string, number>;
  /** By family. */
  identified: Record<string, number>;
  heartbeats: number;
  pushes: number;
  alarms: number;
}

export type RelayStatus = "connected" | "disconnected" | "ready_for_reconnection";
export type RelayAction = "connect" | "disconnect";
