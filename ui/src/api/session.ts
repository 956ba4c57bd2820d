import { computed, signal } from "@preact/signals";
import { forget, keep, kept } from "../kept";
import { LOGIN, type Rest } from "./rest";
import type { SignedIn, User } from "./wire";

const KEY = "hesd.session";

/** Why the sign-in page is shown to somebody who had been signed in. */
export type Ending = "expired" | "signed-out" | null;

/**
 * Who is signed in. The token lives in sessionStorage: it survives a reload of this tab, and
 * goes with it; it never stands in an address.
 */
export class Session {
  private readonly current = signal<SignedIn | null>(restore());
  readonly ending = signal<Ending>(null);
  readonly user = computed<User | null>(() => this.current.value?.user ?? null);
  /** Whoever only looks has no business on a bus. */
  readonly mayAct = computed(() => this.user.value !== null && this.user.value.role !== "viewer");

  get token(): string | null {
    return this.current.peek()?.token ?? null;
  }

  async signIn(rest: Rest, username: string, password: string): Promise<void> {
    const signedIn = await rest.post<SignedIn>(LOGIN, { username, password });
    keep("sessionStorage", KEY, JSON.stringify(signedIn));
    this.ending.value = null;
    this.current.value = signedIn;
  }

  async signOut(rest: Rest): Promise<void> {
    const told = rest.post("auth/logout");
    this.end("signed-out");
    // Without the head end one is signed out here all the same; there the session expires.
    await told.catch(() => undefined);
  }

  end(ending: Ending): void {
    if (this.current.peek() === null) return;
    forget("sessionStorage", KEY);
    this.ending.value = ending;
    this.current.value = null;
  }
}

function restore(): SignedIn | null {
  try {
    const stored = JSON.parse(kept("sessionStorage", KEY) ?? "null") as SignedIn | null;
    return stored && Date.parse(stored.expires_at) > Date.now() ? stored : null;
  } catch {
    return null;
  }
}
