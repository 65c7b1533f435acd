// Case, reason and purpose: asked once per sitting, before the first question.
import { useState } from "preact/hooks";
import { say } from "../state/language";
import { asking, sitting } from "../state/sitting";
import { site } from "../state/site";
import { common, purposes } from "../words/common";
import { Icon } from "./icons";
import { Modal } from "./modal";

export const purposeName = (purpose: string): string => say(purposes)[purpose] ?? purpose;

export function SittingDialog() {
  const asked = asking.value;
  return asked ? <Asking done={asked.done} /> : null;
}

function Asking({ done }: { done: (given: { case: string; reason: string; purpose: string } | null) => void }) {
  const words = say(common);
  const known = sitting.peek();
  const [number, setNumber] = useState(known?.case ?? "");
  const [reason, setReason] = useState(known?.reason ?? "");
  const [purpose, setPurpose] = useState(known?.purpose || site.peek()?.default_purpose || "");
  const [tried, setTried] = useState(false);
  const offered = site.value?.purposes ?? [];
  const all = purpose && !offered.includes(purpose) ? [purpose, ...offered] : offered;
  const submit = (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (number.trim() && reason.trim()) done({ case: number.trim(), reason: reason.trim(), purpose });
  };
  const missing = (value: string) => tried && !value.trim();
  return (
    <Modal title={known ? words.sittingChange : words.sittingTitle} onClose={() => done(null)}>
      <form class="sitting" onSubmit={submit} noValidate>
        <label class="field">
          <span>{words.caseNumber}</span>
          <input name="case" value={number} maxLength={100} autofocus autocomplete="off" aria-invalid={missing(number)}
            aria-describedby="sitting-case" placeholder={words.caseExample} onInput={(event) => setNumber(event.currentTarget.value)} />
          <span id="sitting-case" class="field-said" role="alert">{missing(number) && words.needed}</span>
        </label>
        <label class="field">
          <span>{words.reason}</span>
          <textarea name="reason" rows={2} value={reason} maxLength={500} aria-invalid={missing(reason)}
            aria-describedby="sitting-reason" placeholder={words.reasonExample} onInput={(event) => setReason(event.currentTarget.value)} />
          <span id="sitting-reason" class="field-said" role="alert">{missing(reason) && words.needed}</span>
        </label>
        {all.length > 0 && (
          <label class="field">
            <span>{words.purpose}</span>
            <select name="purpose" value={purpose} onChange={(event) => setPurpose(event.currentTarget.value)}>
              {all.map((one) => <option key={one} value={one} selected={one === purpose}>{purposeName(one)}</option>)}
            </select>
          </label>
        )}
        <p class="sitting-note small"><Icon name="shield" size={18} /> <span>{words.auditNote}</span></p>
        <div class="modal-foot">
          <button type="button" class="button" onClick={() => done(null)}>{words.cancel}</button>
          <button type="submit" class="button first">{words.go}</button>
        </div>
      </form>
    </Modal>
  );
}
