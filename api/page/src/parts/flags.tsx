// Small badges of what is special about a sighting.
import type { SightingInfo } from "../api/types";
import { say } from "../state/language";
import { common } from "../words/common";
import { Icon } from "./icons";

export function Flags({ sighting }: { sighting: Pick<SightingInfo, "stationary" | "state"> }) {
  const words = say(common);
  return (
    <>
      {sighting.stationary && (
        <span class="badge" title={words.parkedHint}><Icon name="parked" size={13} /> {words.parked}</span>
      )}
      {sighting.state === "provisional" && (
        <span class="badge warn" title={words.provisionalHint}><Icon name="clock" size={13} /> {words.provisional}</span>
      )}
    </>
  );
}
