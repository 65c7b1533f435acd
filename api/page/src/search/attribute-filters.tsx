// Colour and direction of travel as filters; what is not known stays in unless it is left out.
import { classOfPaint, toggled } from "./attributes";
import { say } from "../state/language";
import { ACROSS, COLOURS, COMPASS, type Filters } from "../state/question";
import { search } from "../words/search";

export function AttributeFilters({ value, onChange }: { value: Filters; onChange: (part: Partial<Filters>) => void }) {
  const words = say(search);
  const set = value.colours.length + value.directions.length > 0;
  const Way = ({ way, text }: { way: (typeof ACROSS | typeof COMPASS)[number]; text: string }) => (
    <button type="button" class="chip" aria-pressed={value.directions.includes(way)}
      onClick={() => onChange({ directions: toggled(value.directions, way) })}>{text}</button>
  );
  return (
    <>
      <fieldset class="filters-classes">
        <legend class="small quiet">{words.colour}</legend>
        <div class="chips">
          {COLOURS.map((one) => (
            <button key={one} type="button" class="chip" aria-pressed={value.colours.includes(one)}
              onClick={() => onChange({ colours: toggled(value.colours, one) })}>
              <span class={classOfPaint(one)} aria-hidden="true" />{words.colours[one]}
            </button>
          ))}
        </div>
      </fieldset>
      <fieldset class="filters-classes">
        <legend class="small quiet">{words.direction}</legend>
        <div class="chips">{COMPASS.map((one) => <Way key={one} way={one} text={words.points[one]} />)}</div>
        <div class="chips">{ACROSS.map((one) => <Way key={one} way={one} text={words.ways[one]} />)}</div>
        <p class="small quiet">{words.directionHint}</p>
      </fieldset>
      {set && (
        <label class="check small">
          <input type="checkbox" checked={value.onlyKnown} onChange={(event) => onChange({ onlyKnown: event.currentTarget.checked })} />
          <span>{words.onlyKnown}</span>
        </label>
      )}
    </>
  );
}
