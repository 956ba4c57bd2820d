import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LOGIN, Problem, Rest } from "../src/api/rest";

const BASE = new URL("http://head.end/api/v1/");

describe("Rest", () => {
  let token: string | null;
  let ended: number;
  let asked: { address: URL; headers: Headers; method: string; body: unknown }[];
  let answers: (() => Response)[];
  let rest: Rest;

  beforeEach(() => {
    [token, ended, asked, answers] = ["secret", 0, [], []];
    rest = new Rest(
      BASE,
      () => token,
      () => {
        ended += 1;
      },
    );
    vi.stubGlobal("fetch", async (address: URL, request: RequestInit) => {
      const { headers, method = "", body } = request;
      asked.push({ address, headers: headers as Headers, method, body });
      const answer = answers.shift();
      if (!answer) throw new TypeError("nobody there");
      return answer();
    });
  });

  afterEach(() => vi.unstubAllGlobals());

  const says = (body: unknown, init: ResponseInit = {}) =>
    answers.push(() => new Response(JSON.stringify(body), init));

  const refusal = async (work: Promise<unknown>): Promise<Problem> => {
    const problem = await work.catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(Problem);
    return problem as Problem;
  };

  it("sends the token in its header and nowhere else", async () => {
    says({ status: "fine" });
    await rest.get("meters/1", { obis: ["a", "b"] });
    expect(asked[0]?.headers.get("Authorization")).toBe("Bearer secret");
    expect(asked[0]?.address.href).toBe("http://head.end/api/v1/meters/1?obis=a&obis=b");
  });

  it("follows the cursor to the end of a list", async () => {
    says({ items: [1, 2], next: "m" });
    says({ items: [3], next: null });
    expect(await rest.all("meters", { limit: "2" })).toEqual([1, 2, 3]);
    expect(asked.map(({ address }) => address.search)).toEqual(["?limit=2", "?limit=2&cursor=m"]);
  });

  it("says what the head end said when it refuses", async () => {
    says(
      { type: "urn:hesd:problem:too-many-attempts", detail: "wait" },
      { status: 429, headers: { "Retry-After": "30" } },
    );
    const problem = await refusal(rest.post(LOGIN, {}));
    expect(problem).toMatchObject({ status: 429, kind: "too-many-attempts", retryAfter: 30 });
  });

  it("is not upset by an answer that is not JSON", async () => {
    answers.push(() => new Response("<h1>Bad gateway</h1>", { status: 502 }));
    expect(await refusal(rest.get("lines"))).toMatchObject({ status: 502, detail: "" });
  });

  it("calls a head end that does not answer unreachable", async () => {
    expect(await refusal(rest.get("lines"))).toMatchObject({ status: 0, kind: "unreachable" });
  });

  it("ends the session that was refused, and no other", async () => {
    says({}, { status: 401 });
    await refusal(rest.get("lines"));
    expect(ended).toBe(1);
    answers.push(() => {
      token = "somebody else's";
      return new Response("{}", { status: 401 });
    });
    await refusal(rest.get("lines"));
    expect(ended).toBe(1);
  });

  it("asks nothing without a token but for one", async () => {
    token = null;
    expect(await refusal(rest.get("lines"))).toMatchObject({ status: 401 });
    expect(asked).toHaveLength(0);
    says({ token: "new" });
    expect(await rest.post(LOGIN, { username: "u" })).toEqual({ token: "new" });
  });

  it("knows a clock that is wrong from one that is a little late", async () => {
    const at = (seconds: number) => new Date(Date.now() + seconds * 1_000).toUTCString();
    says({}, { headers: { Date: at(-1) } });
    await rest.get("lines");
    expect(rest.clockAhead).toBe(0);
    says({}, { headers: { Date: at(-3_600) } });
    await rest.get("lines");
    expect(rest.clockAhead / 1_000).toBeCloseTo(3_600, -1);
  });
});
