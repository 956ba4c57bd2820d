import { batch, effect, signal, untracked } from "@preact/signals";
import { Feed, type Socket } from "./api/feed";
import { Problem, Rest } from "./api/rest";
import { Session } from "./api/session";
import type { Area, FeedEvent, Job, Line, Meter, Page, ReadingsData } from "./api/wire";
import type { Driver, Listener, Quarantined } from "./api/wire-cosem";
import { JobBoard } from "./plant/job-board";
import { loadLatest, loadMidnight, loadTraces } from "./plant/loading";
import { Plant } from "./plant/plant";

const TICK_MS = 1_000;
const LOAD_AGAIN_MS = 5_000;
const TAKE_EVERY_MS = 200;
/** Strangers seldom come alone: the list is loaded once for all that come in this time. */
const STRANGER_MS = 1_000;
const TOPICS = ["readings/+", "meters/+", "lines/+", "listeners/+", "quarantine"];
/** The longest page of a list of meters or of their values. */
const LIMIT = "1000";

/** Puts the parts together: one head end as this page knows it. */
export class HeadEnd {
  readonly session = new Session();
  /** The head end's time in milliseconds since 1970, ticking once a second. */
  readonly now = signal(Date.now());
  readonly plant = new Plant(this.now);
  readonly jobs = new JobBoard();
  /** Set while the present state could not be loaded. */
  readonly trouble = signal<Problem | null>(null);
  readonly rest: Rest;
  readonly feed: Feed;
  private loadedAt = 0;
  private readonly inbox: FeedEvent[] = [];
  private timer: ReturnType<typeof setInterval> | undefined;
  private stranger: ReturnType<typeof setTimeout> | undefined;

  constructor(base: URL) {
    const api = new URL("api/v1/", base);
    this.rest = new Rest(
      api,
      () => this.session.token,
      () => this.session.end("expired"),
    );
    const address = new URL("feed", api);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    this.feed = new Feed({
      open: () => new WebSocket(address) as unknown as Socket,
      ticket: async () => (await this.rest.post<{ ticket: string }>("auth/ticket")).ticket,
      onEvent: (event) => this.receive(event),
      onGap: () => void this.load(),
    });
    for (const topic of TOPICS) this.feed.subscribe(topic);
    addEventListener("online", () => this.feed.retryNow());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.feed.retryNow();
    });
    effect(() => {
      const signedIn = this.session.user.value !== null;
      untracked(() => (signedIn ? this.begin() : this.cease()));
    });
  }

  /** Loads meters, areas, lines and newest values by REST, then what lies before them. */
  async load(): Promise<void> {
    this.loadedAt = Date.now();
    try {
      const [meters, areas, lines, listeners, drivers] = await Promise.all([
        this.rest.all<Meter>("meters", { limit: LIMIT }),
        this.rest.all<Area>("areas", { limit: LIMIT }),
        this.rest.all<Line>("lines"),
        this.rest.all<Listener>("listeners"),
        this.rest.all<Driver>("drivers"),
      ]);
      batch(() => {
        this.plant.areas.value = areas;
        this.plant.lines.value = lines;
        this.plant.listeners.value = listeners;
        this.plant.drivers.value = drivers;
        this.plant.place(meters);
      });
      await this.loadQuarantine();
      await loadLatest(this.rest, this.plant);
      this.trouble.value = null;
    } catch (problem) {
      this.complain(problem);
      return;
    }
    // Without its past the page only begins with emptier charts.
    await loadTraces(this.rest, this.plant).catch(() => undefined);
    await this.loadMidnight();
  }

  /** The newest strangers; who floods a port with more does not flood this page. */
  async loadQuarantine(): Promise<void> {
    const page = await this.rest.get<Page<Quarantined>>("quarantine", { limit: "200" });
    this.plant.quarantine.value = page.items;
  }

  private loadMidnight(): Promise<void> {
    return loadMidnight(this.rest, this.plant).catch(() => undefined);
  }

  private begin(): void {
    this.feed.start();
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  private cease(): void {
    this.feed.stop();
    clearInterval(this.timer);
    this.trouble.value = null;
    this.plant.clear();
  }

  private tick(): void {
    const before = new Date(this.now.peek());
    this.now.value = Date.now() - this.rest.clockAhead;
    const after = new Date(this.now.peek());
    this.plant.sample();
    if (after.getDate() !== before.getDate()) this.plant.midnight.value = new Map();
    // Once a minute, for meters whose energy has come only now, and for a new day.
    if (after.getMinutes() !== before.getMinutes()) void this.loadMidnight();
  }

  /** Events are taken together a few times a second: one layout and one painting for all of them. */
  private receive(event: FeedEvent): void {
    if (this.inbox.push(event) > 1) return;
    setTimeout(() => batch(() => this.inbox.splice(0).forEach(this.take)), TAKE_EVERY_MS);
  }

  private readonly take = (event: FeedEvent): void => {
    const [kind, key = ""] = event.topic.split("/");
    switch (kind) {
      case "readings":
        this.meet(this.plant.take(key, (event.data as ReadingsData).readings));
        break;
      case "meters":
        this.meet(this.plant.amend(key, event.data as Partial<Meter>));
        break;
      case "lines":
        this.plant.amendLine(event.data as Line);
        break;
      case "listeners":
        this.plant.amendListener(event.data as Listener);
        break;
      case "quarantine":
        this.hearOfStranger();
        break;
      case "jobs":
        this.jobs.take(event.data as Job);
        break;
    }
  };

  /** Somebody registered a meter while this page was open: load the list again, but not for each. */
  private meet(known: boolean): void {
    if (known || !this.plant.loaded.peek() || Date.now() - this.loadedAt < LOAD_AGAIN_MS) return;
    void this.load();
  }

  private hearOfStranger(): void {
    this.stranger ??= setTimeout(() => {
      this.stranger = undefined;
      void this.loadQuarantine().catch(() => undefined);
    }, STRANGER_MS);
  }

  private complain(problem: unknown): void {
    if (!(problem instanceof Problem)) throw problem;
    // An ended session shows the sign-in page; that says enough.
    if (problem.status !== 401) this.trouble.value = problem;
  }
}
