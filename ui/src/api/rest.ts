import type { Page } from "./wire";

/** A refusal the head end explained (RFC 9457), or that it could not be reached at all. */
export class Problem extends Error {
  constructor(
    /** HTTP status; 0 when there was no answer. */
    readonly status: number,
    /** Last part of the problem's `type`, stable across versions. */
    readonly kind: string,
    readonly detail: string,
    /** Seconds to wait before another try, where the head end said so. */
    readonly retryAfter: number | null = null,
  ) {
    super(detail);
  }
}

type Parameters = Record<string, string | readonly string[] | undefined>;

export const LOGIN = "auth/login";

interface Request {
  parameters?: Parameters;
  body?: unknown;
  accept?: string;
  /** A request sent twice under one key is done once. */
  key?: string;
}

/** The REST half of the contract: JSON in and out, the token in its header and nowhere else. */
export class Rest {
  /** How far this browser's clock is ahead of the head end's, in milliseconds. */
  clockAhead = 0;

  constructor(
    private readonly base: URL,
    private readonly token: () => string | null,
    private readonly onUnauthorised: () => void,
  ) {}

  get<T>(path: string, parameters: Parameters = {}): Promise<T> {
    return this.send<T>("GET", path, { parameters });
  }

  post<T>(path: string, body: unknown = {}, more: Pick<Request, "key"> = {}): Promise<T> {
    return this.send<T>("POST", path, { body, ...more });
  }

  delete(path: string): Promise<void> {
    return this.send<void>("DELETE", path, {});
  }

  /** Every item of a list, following its cursor. */
  async all<T>(path: string, parameters: Parameters = {}): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.get<Page<T>>(path, { ...parameters, cursor });
      items.push(...page.items);
      cursor = page.next ?? undefined;
    } while (cursor);
    return items;
  }

  /** The same, in another form than JSON. */
  async text(path: string, parameters: Parameters, accept: string): Promise<string> {
    return (await this.answer("GET", path, { parameters, accept })).text();
  }

  private async send<T>(method: string, path: string, request: Request): Promise<T> {
    const response = await this.answer(method, path, request);
    return response.status === 204 ? (undefined as T) : await response.json();
  }

  private async answer(method: string, path: string, request: Request): Promise<Response> {
    const { parameters = {}, body, accept = "application/json" } = request;
    const headers = new Headers({ Accept: accept });
    const token = this.token();
    // Work that outlives its session ends here, not at the head end's door.
    if (!token && path !== LOGIN) throw new Problem(401, "not-signed-in", "");
    if (token) headers.set("Authorization", `Bearer ${token}`);
    if (body !== undefined) headers.set("Content-Type", "application/json");
    if (request.key) headers.set("Idempotency-Key", request.key);
    let response: Response;
    try {
      response = await fetch(this.address(path, parameters), {
        method,
        headers,
        cache: "no-store",
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch {
      throw new Problem(0, "unreachable", "");
    }
    this.compareClocks(response.headers.get("Date"));
    // Somebody else may have signed in while this one was under way.
    if (response.status === 401 && token && token === this.token()) this.onUnauthorised();
    if (!response.ok) throw await problemOf(response);
    return response;
  }

  private address(path: string, parameters: Parameters): URL {
    const address = new URL(path, this.base);
    for (const [name, value] of Object.entries(parameters)) {
      for (const one of [value ?? []].flat()) address.searchParams.append(name, one);
    }
    return address;
  }

  private compareClocks(date: string | null): void {
    const server = date ? Date.parse(date) : Number.NaN;
    if (Number.isNaN(server)) return;
    // The header counts whole seconds: a smaller difference says nothing.
    const ahead = Date.now() - server - 500;
    this.clockAhead = Math.abs(ahead) > 2_000 ? ahead : 0;
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const body = await response.json().catch(() => ({}));
  const kind = String(body.type ?? "about:blank");
  const retryAfter = Number.parseFloat(response.headers.get("Retry-After") ?? "");
  return new Problem(
    response.status,
    kind.slice(kind.search(/[^/:]*$/)),
    String(body.detail ?? body.title ?? ""),
    Number.isNaN(retryAfter) ? null : retryAfter,
  );
}
