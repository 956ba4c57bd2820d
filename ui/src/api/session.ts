import { computed, signal } from "@preact/signals";
import type { Rest } from "./rest";
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

  get token(): string | null {
    return this.current.peek()?.token ?? null;
  }

  async signIn(rest: Rest, username: string, password: string): Promise<void> {
    const signedIn = await rest.post<SignedIn>("auth/login", { username, password });
    sessionStorage.setItem(KEY, JSON.stringify(signedIn));
    this.ending.value = null;
    this.current.value = signedIn;
  }

  async signOut(rest: Rest): Promise<void> {
    // Signing out of this page works without the head end; there the session then expires.
    await rest.post("auth/logout").catch(() => undefined);
    this.end("signed-out");
  }

  end(ending: Ending): void {
    if (this.current.peek() === null) return;
    sessionStorage.removeItem(KEY);
    this.ending.value = ending;
    this.current.value = null;
  }
}

function restore(): SignedIn | null {
  try {
    const stored = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as SignedIn | null;
    return stored && Date.parse(stored.expires_at) > Date.now() ? stored : null;
  } catch {
    return null;
  }
}
