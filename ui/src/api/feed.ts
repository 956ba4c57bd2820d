import { type ReadonlySignal, signal } from "@preact/signals";
import { Backoff } from "./backoff";
import type { FeedEvent } from "./wire";

export type FeedState =
  | { kind: "stopped" }
  | { kind: "connecting" }
  | { kind: "live" }
  | { kind: "waiting"; until: number };

/** The part of `WebSocket` the feed needs, so that tests can hold the other end. */
export interface Socket {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
}

export interface FeedOptions {
  open: () => Socket;
  /** A fresh one-use ticket; rejects when the session is over or nobody answers. */
  ticket: () => Promise<string>;
  /** Everything that came in one message. */
  onEvent: (event: FeedEvent) => void;
  /** What was missed cannot be replayed: load the present state by REST. */
  onGap: () => void;
  backoff?: Backoff;
}

/** No live plant is silent for so long; ask, and then hang up. */
const SILENCE_MS = 25_000;
const ANSWER_MS = 10_000;

/**
 * The live half of the contract: one WebSocket that comes back by itself.
 *
 * After a break it resumes with `since`; where the head end cannot replay that (or has itself
 * been restarted, and counts from the beginning) `onGap` is called instead.
 */
export class Feed {
  private readonly current = signal<FeedState>({ kind: "stopped" });
  private readonly topics = new Map<string, number>();
  private readonly backoff: Backoff;
  private socket: Socket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lastSeq: number | null = null;
  private lastId = 0;
  /** Counts connection attempts, so that a late answer to an old one is dropped. */
  private attempt = 0;

  constructor(private readonly options: FeedOptions) {
    this.backoff = options.backoff ?? new Backoff();
  }

  get state(): ReadonlySignal<FeedState> {
    return this.current;
  }

  start(): void {
    if (this.current.peek().kind === "stopped") void this.connect();
  }

  stop(): void {
    this.hangUp();
    this.lastSeq = null;
    this.current.value = { kind: "stopped" };
  }

  /** Do not wait any longer: the network is back, or somebody pressed the button. */
  retryNow(): void {
    if (this.current.peek().kind === "waiting") void this.connect();
  }

  /** Adds a topic for as long as anybody wants it; the answer gives it back. */
  subscribe(topic: string): () => void {
    const wanted = this.topics.get(topic) ?? 0;
    this.topics.set(topic, wanted + 1);
    if (wanted === 0 && this.current.peek().kind === "live") this.request("subscribe", [topic]);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.release(topic);
    };
  }

  private release(topic: string): void {
    const left = (this.topics.get(topic) ?? 1) - 1;
    if (left > 0) {
      this.topics.set(topic, left);
      return;
    }
    this.topics.delete(topic);
    if (this.current.peek().kind === "live") this.request("unsubscribe", [topic]);
  }

  private async connect(): Promise<void> {
    this.hangUp();
    const attempt = this.attempt;
    this.current.value = { kind: "connecting" };
    let ticket: string;
    try {
      ticket = await this.options.ticket();
    } catch {
      if (attempt === this.attempt) this.wait();
      return;
    }
    if (attempt !== this.attempt) return;
    const socket = this.options.open();
    this.socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ type: "auth", ticket }));
    socket.onmessage = ({ data }) => this.receive(JSON.parse(String(data)));
    socket.onclose = () => this.wait();
    this.expect(ANSWER_MS, () => this.wait());
  }

  private receive(message: { type: string } & Partial<FeedEvent>): void {
    this.expect(SILENCE_MS, () => this.probe());
    switch (message.type) {
      case "ready":
        this.ready(message.seq ?? 0);
        break;
      case "event":
        if (this.current.peek().kind !== "live") break;
        this.backoff.reset();
        this.lastSeq = message.seq ?? this.lastSeq;
        this.options.onEvent(message as FeedEvent);
        break;
      case "resync":
        this.lastSeq = message.seq ?? this.lastSeq;
        this.options.onGap();
        break;
    }
  }

  private ready(seq: number): void {
    this.current.value = { kind: "live" };
    const resumable = this.lastSeq !== null && this.lastSeq <= seq;
    this.request("subscribe", [...this.topics.keys()], resumable ? this.lastSeq : null);
    this.lastSeq = resumable ? this.lastSeq : seq;
    if (!resumable) this.options.onGap();
  }

  private request(type: string, topics: string[], since: number | null = null): void {
    if (topics.length === 0) return;
    this.lastId += 1;
    const request = { id: this.lastId, type, topics, ...(since === null ? {} : { since }) };
    this.socket?.send(JSON.stringify(request));
  }

  /** A connection that died without a word looks like a quiet one; an answer tells them apart. */
  private probe(): void {
    this.request("subscribe", [...this.topics.keys()]);
    this.expect(ANSWER_MS, () => this.wait());
  }

  private wait(): void {
    this.hangUp();
    const delay = this.backoff.next();
    this.current.value = { kind: "waiting", until: Date.now() + delay };
    this.expect(delay, () => void this.connect());
  }

  private expect(delay: number, otherwise: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(otherwise, delay);
  }

  private hangUp(): void {
    this.attempt += 1;
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
