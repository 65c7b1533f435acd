// What a browser sees that the server does not know yet.
import { useState } from "preact/hooks";
import { say } from "../state/language";
import { enter, session } from "../state/session";
import { common } from "../words/common";
import { EmptyState } from "./notices";
import { Icon } from "./icons";
import { tokenIn } from "./token";

export function SignIn() {
  const words = say(common);
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState(false);
  if (session.value === "asking") return <div class="sign-in"><div class="sign-in-wait" role="status"><span class="unseen">{words.loading}</span></div></div>;
  if (session.value === "offline") {
    return <EmptyState icon="outage" title={words.offline} hint={words.offlineStart} />;
  }
  const submit = async (event: Event) => {
    event.preventDefault();
    const token = tokenIn(typed);
    if (!token) return;
    setBusy(true);
    await enter(token);
    setBusy(false);
    // Still here: it was refused (or there was no answer, which the shell shows).
    setRefused(session.peek() === "out");
  };
  return (
    <div class="sign-in">
      <form class="card sign-in-card" onSubmit={(event) => void submit(event)}>
        <img src="/goose.svg" alt="" width="56" height="56" />
        <h1>{words.signInTitle}</h1>
        <p class="quiet">{words.signInHint}</p>
        <label class="field">
          <span>{words.token}</span>
          <input type="password" autocomplete="off" spellcheck={false} value={typed} disabled={busy} aria-invalid={refused}
            aria-describedby="sign-in-said" onInput={(event) => { setTyped(event.currentTarget.value); setRefused(false); }} />
        </label>
        <p id="sign-in-said" role="alert" class="sign-in-said">{refused && <><Icon name="warn" size={16} /> {words.wrongToken}</>}</p>
        <button type="submit" class="button first" disabled={busy || !typed.trim()}>{words.enter}</button>
      </form>
      <p class="quiet small sign-in-note"><Icon name="shield" size={16} /> {words.signInNote}</p>
    </div>
  );
}
