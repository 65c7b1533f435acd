// A short sentence at the lower edge that goes by itself; read out by screen readers.
import { signal } from "@preact/signals";
import { Icon, type IconName } from "./icons";

interface Toast { id: number; text: string; icon: IconName }

const SHOWN_MS = 4000;
const shown = signal<Toast[]>([]);
let last = 0;

export function toast(text: string, icon: IconName = "check"): void {
  const id = ++last;
  shown.value = [...shown.value.slice(-2), { id, text, icon }];
  setTimeout(() => {
    shown.value = shown.value.filter((one) => one.id !== id);
  }, SHOWN_MS);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.value.map((one) => (
        <div key={one.id} class="toast"><Icon name={one.icon} /> {one.text}</div>
      ))}
    </div>
  );
}
