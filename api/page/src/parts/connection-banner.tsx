// Says that the server does not answer, for as long as it does not. Nothing shown is taken away.
import { say } from "../state/language";
import { online, probe } from "../state/connection";
import { common } from "../words/common";
import { Icon } from "./icons";

export function ConnectionBanner() {
  const words = say(common);
  return (
    <div class="outage" role="status" aria-live="assertive">
      {!online.value && (
        <div class="outage-inner">
          <Icon name="outage" size={20} />
          <p><strong>{words.offline}</strong> <span>{words.offlineHint}</span></p>
          <button type="button" class="button" onClick={() => void probe()}>{words.again}</button>
        </div>
      )}
    </div>
  );
}
