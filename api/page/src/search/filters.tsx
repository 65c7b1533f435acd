// Time, cameras and kinds of vehicle; where the answer is ranked, colour and direction too.
import type { ClassOrGroup } from "../api/types";
import { CamerasCombo } from "../parts/camera-combo";
import { Icon } from "../parts/icons";
import { say } from "../state/language";
import type { Filters } from "../state/question";
import { site } from "../state/site";
import { isoOf, shifted, siteZone, wallOf, zoneText } from "../state/zone";
import { classNames } from "../words/common";
import { search } from "../words/search";
import { AttributeFilters } from "./attribute-filters";
import { toggled } from "./attributes";
import { isReversed } from "./draft";

interface Props {
  value: Filters;
  onChange: (part: Partial<Filters>) => void;
  /** A moment to take times around, where one is known. */
  about?: string | null | undefined;
  /** Whether colour and direction can be asked for. */
  attributes?: boolean;
}

const HALF_HOUR_S = 1800;
const TWO_HOURS_S = 7200;
const HALF_DAY_S = 43_200;

export function TimeInput({ label, value, onChange }: { label: string; value: string | null; onChange: (iso: string | null) => void }) {
  const zone = siteZone();
  return (
    <label class="field">
      <span>{label}</span>
      <input type="datetime-local" step={1} value={value ? wallOf(value, zone) : ""}
        onChange={(event) => onChange(event.currentTarget.value ? isoOf(event.currentTarget.value, zone) : null)} />
    </label>
  );
}

export function FilterFields({ value, onChange, about, attributes = false }: Props) {
  const words = say(search);
  const names = say(classNames);
  const zone = siteZone();
  const zoneName = zoneText(value.from ?? about ?? null, zone);
  const groups = Object.keys(site.value?.groups ?? {}) as ClassOrGroup[];
  const classes = (site.value?.classes ?? []).filter((one) => !groups.includes(one));
  const toggle = (one: ClassOrGroup) =>
    onChange({ classes: toggled(value.classes, one) });
  const near = (seconds: number) => about && onChange({ from: shifted(about, -seconds, zone), to: shifted(about, seconds, zone) });
  const isNear = (seconds: number) =>
    !!about && value.from === shifted(about, -seconds, zone) && value.to === shifted(about, seconds, zone);
  const Near = ({ seconds, text }: { seconds: number; text: string }) => (
    <button type="button" class="chip" aria-pressed={isNear(seconds)} onClick={() => near(seconds)}>{text}</button>
  );
  return (
    <div class="filters">
      {about && (
        <div class="chips" role="group" aria-label={words.around}>
          <Near seconds={HALF_HOUR_S} text={words.halfHour} />
          <Near seconds={TWO_HOURS_S} text={words.twoHours} />
          <Near seconds={HALF_DAY_S} text={words.halfDay} />
          <button type="button" class="chip" aria-pressed={!value.from && !value.to} onClick={() => onChange({ from: null, to: null })}>{words.always}</button>
        </div>
      )}
      <div class="filters-times">
        <TimeInput label={`${words.filterFrom} (${zoneName})`} value={value.from} onChange={(from) => onChange({ from })} />
        <TimeInput label={`${words.filterTo} (${zoneName})`} value={value.to} onChange={(to) => onChange({ to })} />
      </div>
      {isReversed(value) && <p class="field-said" role="alert"><Icon name="warn" size={15} /> {words.reversed}</p>}
      <CamerasCombo label={words.cameras} values={value.cameras} onChange={(cameras) => onChange({ cameras })} />
      <fieldset class="filters-classes">
        <legend class="small quiet">{words.classes}</legend>
        <div class="chips">
          {groups.map((one) => (
            <button key={one} type="button" class="chip chip-group" aria-pressed={value.classes.includes(one)} onClick={() => toggle(one)}>{names[one] ?? one}</button>
          ))}
        </div>
        <div class="chips">
          {classes.map((one) => (
            <button key={one} type="button" class="chip" aria-pressed={value.classes.includes(one)} onClick={() => toggle(one)}>{names[one] ?? one}</button>
          ))}
        </div>
        {value.classes.length === 0 && <p class="small quiet">{words.allClasses}</p>}
      </fieldset>
      {attributes && <AttributeFilters value={value} onChange={onChange} />}
    </div>
  );
}
