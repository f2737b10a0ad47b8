import type { ErrorParts } from '../../errors.ts';
import type { OptionFacts } from '../../index.ts';
import { Facts } from './error_facts.tsx';
import { OptionField } from './option_field.tsx';
import { withOption } from './with_option.ts';

export interface OptionsFormProps {
  /** The options from a definition's schema. */
  options: readonly OptionFacts[];
  /** Id prefix of the form's fields, followed by the option's name. */
  id: string;
  /** The options that are set: others have their defaults. */
  value: object;
  /** Called with all options that are then set. */
  onChange: (value: object) => void;
  /** Their error, shown at the option that it names, or below all of them. */
  error?: ErrorParts | undefined;
  /** Upper ends of sliders, instead of the usual ones for options of their names. */
  endOf?: (option: OptionFacts) => number | undefined;
}

/** A field for each option of a definition. */
export function OptionsForm({ options, id, value, onChange, error, endOf }: OptionsFormProps) {
  const now = value as Record<string, unknown>;
  const place = error?.place?.[0];
  const isHere = options.some(({ name }) => name === place);
  return (
    <>
      {options.length > 0 && (
        <div class="options">
          {options.map((option) => (
            <OptionField
              key={option.name}
              option={option}
              id={`${id}-${option.name}`}
              value={now[option.name]}
              onChange={(to) => onChange(withOption(value, option.name, to))}
              end={endOf?.(option)}
              {...(option.name === place && { error })}
            />
          ))}
        </div>
      )}
      {error && !isHere && <SettingError {...error} />}
    </>
  );
}

/** An error of a part of the settings that is not caused by a single field. */
export const SettingError = (error: ErrorParts) => (
  <div class="error inset" role="alert">
    <strong>{error.what}</strong>
    <Facts {...error} />
  </div>
);
