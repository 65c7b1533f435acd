// What a view shows while it has nothing else to show: an error, nothing, or not yet.
import type { ComponentChildren } from "preact";
import { ApiError } from "../api/calls";
import type { Problem } from "../api/types";
import { say } from "../state/language";
import { common } from "../words/common";
import { explain } from "../words/problems";
import { Icon, type IconName } from "./icons";

export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  return { type: "", title: String(error), status: 0, code: "page", hint: "", errors: [] };
}

/** Asking again can only help where the request was not at fault. */
const mayHelp = (status: number): boolean => status < 400 || status >= 500 || status === 409 || status === 429;

export function ErrorNotice({ error, onAgain }: { error: unknown; onAgain?: (() => void) | undefined }) {
  const problem = problemOf(error);
  const { title, hint } = explain(problem);
  return (
    <div class="notice bad notice-row" role="alert">
      <Icon name={problem.code === "offline" ? "outage" : "warn"} size={22} />
      <div class="notice-text">
        <strong>{title}</strong>
        {hint && <p class="small">{hint}</p>}
      </div>
      {onAgain && mayHelp(problem.status) && (
        <button type="button" class="button" onClick={onAgain}>
          <Icon name="again" /> {say(common).again}
        </button>
      )}
    </div>
  );
}

interface EmptyProps {
  icon: IconName;
  title: string;
  hint?: string | undefined;
  children?: ComponentChildren;
}

export function EmptyState({ icon, title, hint, children }: EmptyProps) {
  return (
    <div class="empty">
      <span class="empty-icon"><Icon name={icon} size={34} /></span>
      <h2>{title}</h2>
      {hint && <p class="quiet">{hint}</p>}
      {children && <div class="empty-actions">{children}</div>}
    </div>
  );
}

/** Grey shapes of what is coming; `kind` says which, `count` how many. */
export function Skeleton({ kind = "lines", count = 3 }: { kind?: "lines" | "cards" | "panel"; count?: number }) {
  return (
    <div class={`skeleton skeleton-${kind}`} role="status">
      <span class="unseen">{say(common).loading}</span>
      {Array.from({ length: count }, (_, at) => <span key={at} class="skeleton-one" aria-hidden="true" />)}
    </div>
  );
}
