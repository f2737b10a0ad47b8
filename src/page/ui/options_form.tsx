import type { ErrorParts } from '../../errors.ts';
import type { OptionFacts } from '../../index.ts';
import { Facts } from './error_facts.tsx';
import { OptionField } from './option_field.tsx';
import { withOption } from './with_option.ts';

export interface OptionsFormProps {
  /** As a definition's schema describes them. */
  options: readonly OptionFacts[];
  /** Of the form's fields, before the name of each. */
  id: string;
  /** The options that are set: what is left out has its default. */
  value: object;
  /** Gets all options that are set then. */
  onChange: (value: object) => void;
  /** What is wrong with them: it stands at the option that it names, or else below all of them. */
  error?: ErrorParts | undefined;
  /** Where sliders end, in place of what is usual for options of their names. */
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

/** What is wrong with a part of the settings, where no field of it is to blame alone. */
export const SettingError = (error: ErrorParts) => (
  <div class="error inset" role="alert">
    <strong>{error.what}</strong>
    <Facts {...error} />
  </div>
);
