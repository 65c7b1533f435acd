// Case, reason and purpose are asked once per sitting (this tab, until it is closed) and go with
// every question.
import { effect, signal } from "@preact/signals";

export interface Sitting { case: string; reason: string; purpose: string }

const KEY = "yanji.sitting";

function kept(): Sitting | null {
  try {
    const value = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Sitting | null;
    return value && value.case && value.reason ? value : null;
  } catch {
    return null;
  }
}

export const sitting = signal<Sitting | null>(kept());
effect(() => {
  if (sitting.value) sessionStorage.setItem(KEY, JSON.stringify(sitting.value));
  else sessionStorage.removeItem(KEY);
});

/** The dialog is open while somebody waits for an answer of it. */
export const asking = signal<{ done: (given: Sitting | null) => void } | null>(null);

/** The sitting, asked for where there is none; null when the person closes the dialog. */
export function needSitting(): Promise<Sitting | null> {
  if (sitting.value) return Promise.resolve(sitting.value);
  return askSitting();
}

/** Open the dialog (again). */
export function askSitting(): Promise<Sitting | null> {
  return new Promise((resolve) => {
    asking.value = {
      done: (given) => {
        asking.value = null;
        if (given) sitting.value = given;
        resolve(given);
      },
    };
  });
}
