// The vehicles traced in this tab, for going back to one. Only in this tab: cases are private.
import { signal } from "@preact/signals";

export interface Recent { params: string; title: string; picture: string | null; at: string }

const KEY = "yanji.traced";
const MOST = 8;

function kept(): Recent[] {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(value) ? (value as Recent[]).filter((one) => typeof one?.params === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}

export const recent = signal<Recent[]>(kept());

/** Put a vehicle first; `subject` is what makes two of them the same one. */
export function remember(one: Recent, subject: (params: string) => string): void {
  const others = recent.peek().filter((old) => subject(old.params) !== subject(one.params));
  recent.value = [one, ...others].slice(0, MOST);
  sessionStorage.setItem(KEY, JSON.stringify(recent.value));
}
