// "It is this one / it is not / not sure": the same three buttons wherever a sighting is shown.
import type { SightingInfo, Verdict } from "../api/types";
import { say } from "../state/language";
import { give, type AskedAbout, verdicts } from "../state/verdicts";
import { common, shortVerdicts, verdicts as verdictWords } from "../words/common";
import { Icon, type IconName } from "./icons";

export const VERDICT_ICONS: Record<Verdict, IconName> = { confirmed: "check", rejected: "cross", unsure: "question" };
const VERDICTS: readonly Verdict[] = ["confirmed", "rejected", "unsure"];
const KEYS: Record<Verdict, string> = { confirmed: "C", rejected: "R", unsure: "N" };

interface Props {
  sighting: Pick<SightingInfo, "sighting_id">;
  /** What the verdict is about. */
  subject: AskedAbout;
  /** Short words, for cards. */
  compact?: boolean | undefined;
  /** The view answers to the keys C, R and N. */
  keys?: boolean | undefined;
  /** -1 where the buttons are reached in another way (arrow keys of a list). */
  tabIndex?: number | undefined;
}

export function VerdictButtons({ sighting, subject, compact = false, keys = false, tabIndex }: Props) {
  const words = say(verdictWords);
  const short = say(shortVerdicts);
  const given = verdicts.value.get(sighting.sighting_id);
  return (
    <div class={compact ? "verdicts compact" : "verdicts"} role="group" aria-label={say(common).verdict}>
      {VERDICTS.map((verdict) => (
        <button key={verdict} type="button" class={`verdict ${verdict}`} aria-pressed={given === verdict}
          aria-label={compact ? words[verdict] : undefined} title={keys ? `${words[verdict]} (${KEYS[verdict]})` : words[verdict]}
          {...(keys ? { "aria-keyshortcuts": KEYS[verdict] } : {})} {...(tabIndex === undefined ? {} : { tabIndex })}
          onClick={() => void give(sighting.sighting_id, given === verdict ? "unsure" : verdict, subject)}>
          <Icon name={VERDICT_ICONS[verdict]} size={16} />
          <span>{compact ? short[verdict] : words[verdict]}</span>
        </button>
      ))}
    </div>
  );
}
