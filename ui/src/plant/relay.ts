import type { Job, Reading } from "../api/wire";
import type { RelayStatus } from "../api/wire-cosem";
import type { MeterModel } from "./meter";

/** The disconnect control of a meter, and its states by number (IEC 62056-6-2, 4.5.8.2.2.3). */
export const RELAY = "0.0.96.3.10.255";
const STATES: readonly RelayStatus[] = ["disconnected", "connected", "ready_for_reconnection"];

/** Whether the supply is on, as the meter said last; null where nobody has told. */
export function relayOf(meter: MeterModel): RelayStatus | null {
  return stateOf(meter.latest.value.get(RELAY)) ?? meter.info.value.relay_status ?? null;
}

/** The state in a reading of the disconnect control. */
export const stateOf = (reading: Reading | undefined): RelayStatus | null =>
  typeof reading?.value === "number" ? (STATES[reading.value] ?? null) : null;

/** What a command read back, as a reading; the next poll may be a while. */
export function readBack({ result, steps }: Job): Reading[] {
  const status = (result as { relay_status?: RelayStatus } | null)?.relay_status;
  const value = status ? STATES.indexOf(status) : -1;
  const at = steps[steps.length - 1]?.at;
  if (value < 0 || at === undefined) return [];
  return [{ obis: RELAY, quantity: "relay", value, unit: "", quality: "good", at }];
}
