// Whether the server knows this browser. The token comes once, in the address behind '#', and is
// exchanged for a cookie that scripts cannot read.
import { signal } from "@preact/signals";
import { isSignedIn, signIn } from "../api/calls";
import { sitting } from "./sitting";

export type Session = "asking" | "in" | "out" | "offline";
export const session = signal<Session>("asking");

export function signedOut(): void {
  if (session.value === "in") session.value = "out";
}

/** Read `#t=TOKEN&to=…&case=…&reason=…`, forget it in the address bar, sign in. */
export async function begin(): Promise<void> {
  const given = new URLSearchParams(location.hash.replace(/^#/, ""));
  const token = given.get("t");
  if (token !== null) {
    const to = given.get("to") ?? "";
    history.replaceState(null, "", `${location.pathname}#/${to.replace(/^#?\/?/, "")}`);
    dispatchEvent(new HashChangeEvent("hashchange"));
    const number = given.get("case");
    const reason = given.get("reason");
    if (number && reason) sitting.value = { case: number, reason, purpose: given.get("purpose") ?? "" };
  }
  await enter(token);
}

export async function enter(token: string | null): Promise<void> {
  try {
    await (token ? signIn(token) : isSignedIn());
    session.value = "in";
  } catch (error) {
    const code = (error as { code?: string }).code;
    session.value = code === "offline" ? "offline" : "out";
  }
}

// The printed link opened in a tab that shows the page already: the browser does not load it again.
addEventListener("hashchange", () => {
  if (new URLSearchParams(location.hash.replace(/^#/, "")).has("t")) void begin();
});
