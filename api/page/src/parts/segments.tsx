// One of a few: a row of joined buttons that works as a radio group.
import { useId } from "preact/hooks";
import { Icon, type IconName } from "./icons";

interface Props<T extends string> {
  label: string;
  options: readonly { value: T; text: string; icon?: IconName | undefined }[];
  value: T;
  onChange: (value: T) => void;
}

export function Segments<T extends string>({ label, options, value, onChange }: Props<T>) {
  const name = useId();
  return (
    <fieldset class="segments">
      <legend class="unseen">{label}</legend>
      {options.map((option) => (
        <label key={option.value} class={option.value === value ? "segment chosen" : "segment"}>
          <input type="radio" class="unseen" name={name} checked={option.value === value}
            onChange={() => onChange(option.value)} />
          {option.icon && <Icon name={option.icon} size={16} />}
          {option.text}
        </label>
      ))}
    </fieldset>
  );
}
