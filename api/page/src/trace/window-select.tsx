import { say } from "../state/language";
import { traceWords } from "../words/trace";
import { WINDOWS_S } from "./address";

/** "3 hours", "7 days"; odd ones of a link in hours. */
export function windowText(windowS: number): string {
  const words = say(traceWords);
  return windowS >= 86_400 && windowS % 86_400 === 0 ? words.days(windowS / 86_400) : words.hours(Math.round(windowS / 360) / 10);
}

export function WindowSelect({ value, onChange }: { value: number; onChange: (windowS: number) => void }) {
  const words = say(traceWords);
  const offered = [...new Set<number>([...WINDOWS_S, value])].sort((a, b) => a - b);
  return (
    <label class="field trace-window" title={words.windowHint}>
      <span>{words.window}</span>
      <select value={String(value)} onChange={(event) => onChange(Number(event.currentTarget.value))}>
        {offered.map((one) => <option key={one} value={String(one)}>{words.windowOf(windowText(one))}</option>)}
      </select>
    </label>
  );
}
