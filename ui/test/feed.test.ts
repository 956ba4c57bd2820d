import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Backoff } from "../src/api/backoff";
import { Feed, type Socket } from "../src/api/feed";
import type { FeedEvent } from "../src/api/wire";

/** The head end's end of the wire. */
class Wire implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly sent: Record<string, unknown>[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
  }

  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  event(seq: number): void {
    this.say({ type: "event", seq, topic: "readings/1", at: "2026-11-20T10:00:00Z", data: {} });
  }
}

const settle = () => vi.advanceTimersByTimeAsync(0);

describe("Feed", () => {
  let wires: Wire[];
  let events: FeedEvent[];
  let gaps: number;
  let tickets: (() => Promise<string>)[];
  let feed: Feed;

  const wire = (): Wire => wires[wires.length - 1] as Wire;
  const said = (type: string) => wire().sent.filter((message) => message["type"] === type);

  const waiting = (): number => {
    const state = feed.state.value;
    return state.kind === "waiting" ? state.until - Date.now() : -1;
  };

  beforeEach(() => {
    vi.useFakeTimers();
    [wires, events, gaps, tickets] = [[], [], 0, []];
    feed = new Feed({
      open: () => {
        wires.push(new Wire());
        return wire();
      },
      ticket: () => tickets.shift()?.() ?? Promise.resolve("one-use"),
      onEvent: (event) => events.push(event),
      onGap: () => {
        gaps += 1;
      },
      backoff: new Backoff(500, 15_000, () => 1),
    });
    feed.subscribe("readings/+");
  });

  afterEach(() => {
    feed.stop();
    vi.useRealTimers();
  });

  async function live(seq = 100): Promise<void> {
    feed.start();
    await settle();
    wire().onopen?.();
    wire().say({ type: "ready", seq });
  }

  it("signs in with a ticket, subscribes and asks for the present state", async () => {
    await live();
    expect(wire().sent).toEqual([
      { type: "auth", ticket: "one-use" },
      { id: 1, type: "subscribe", topics: ["readings/+"] },
    ]);
    expect(feed.state.value.kind).toBe("live");
    expect(gaps).toBe(1);
  });

  it("hands on events", async () => {
    await live();
    wire().event(101);
    expect(events.map(({ seq, topic }) => [seq, topic])).toEqual([[101, "readings/1"]]);
  });

  it("takes no event before it is signed in", async () => {
    feed.start();
    await settle();
    wire().event(99);
    wire().say({ type: "ready", seq: 100 });
    expect(events).toEqual([]);
    expect(gaps).toBe(1);
  });

  it("comes back after a break and resumes where it was", async () => {
    await live();
    wire().event(107);
    wire().onclose?.();
    expect(feed.state.value.kind).toBe("waiting");
    await vi.advanceTimersByTimeAsync(500);
    expect(wires).toHaveLength(2);
    wire().onopen?.();
    wire().say({ type: "ready", seq: 140 });
    expect(said("subscribe")[0]).toMatchObject({ since: 107 });
    expect(gaps).toBe(1);
  });

  it("loads anew when what was missed is forgotten, and goes on from there", async () => {
    await live();
    wire().event(107);
    wire().onclose?.();
    await vi.advanceTimersByTimeAsync(500);
    wire().onopen?.();
    wire().say({ type: "ready", seq: 900 });
    wire().say({ type: "resync", seq: 901 });
    expect(gaps).toBe(2);
    wire().onclose?.();
    await vi.advanceTimersByTimeAsync(1_000);
    wire().onopen?.();
    wire().say({ type: "ready", seq: 950 });
    expect(said("subscribe")[0]).toMatchObject({ since: 901 });
  });

  it("loads anew when the head end counts from the beginning", async () => {
    await live(5_000);
    wire().onclose?.();
    await vi.advanceTimersByTimeAsync(500);
    wire().onopen?.();
    wire().say({ type: "ready", seq: 3 });
    expect(said("subscribe")[0]).not.toHaveProperty("since");
    expect(gaps).toBe(2);
  });

  it("waits longer after each failure, and short again after a success", async () => {
    await live();
    const waits: number[] = [];
    for (let turn = 0; turn < 7; turn += 1) {
      wire().onclose?.();
      waits.push(waiting());
      await vi.advanceTimersByTimeAsync(waiting());
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    wire().onopen?.();
    wire().say({ type: "ready", seq: 100 });
    wire().event(101);
    wire().onclose?.();
    expect(waiting()).toBe(500);
  });

  it("tries again when there is no ticket to be had", async () => {
    tickets.push(() => Promise.reject(new Error("unreachable")));
    feed.start();
    await settle();
    expect(feed.state.value.kind).toBe("waiting");
    expect(wires).toHaveLength(0);
    feed.retryNow();
    await settle();
    expect(wires).toHaveLength(1);
  });

  it("asks when the line is silent, and hangs up when nobody answers", async () => {
    await live();
    const first = wire();
    await vi.advanceTimersByTimeAsync(25_000);
    expect(said("subscribe")).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(first.closed).toBe(true);
    expect(feed.state.value.kind).toBe("waiting");
  });

  it("stays when the answer comes", async () => {
    await live();
    await vi.advanceTimersByTimeAsync(25_000);
    wire().say({ id: 2, type: "result", ok: true });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(feed.state.value.kind).toBe("live");
  });

  it("subscribes to a topic once, and leaves it with the last who wanted it", async () => {
    await live();
    const first = feed.subscribe("jobs/7");
    const second = feed.subscribe("jobs/7");
    first();
    first();
    expect(said("unsubscribe")).toHaveLength(0);
    second();
    expect(said("subscribe").slice(1)).toEqual([{ id: 2, type: "subscribe", topics: ["jobs/7"] }]);
    expect(said("unsubscribe")).toEqual([{ id: 3, type: "unsubscribe", topics: ["jobs/7"] }]);
  });

  it("drops an answer that comes after it was stopped", async () => {
    let give: (ticket: string) => void = () => {};
    tickets.push(
      () =>
        new Promise((resolve) => {
          give = resolve;
        }),
    );
    feed.start();
    feed.stop();
    give("late");
    await settle();
    expect(wires).toHaveLength(0);
    expect(feed.state.value.kind).toBe("stopped");
  });
});
