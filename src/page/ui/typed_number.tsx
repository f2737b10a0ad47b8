import { useEffect, useState } from 'preact/hooks';

interface TypedNumberProps {
  id: string;
  /** Accessible name for a field without a label. */
  'aria-label'?: string;
  class?: string;
  /** undefined if the page chooses the value, which `placeholder` describes; then the field may be empty. */
  value: number | undefined;
  placeholder?: string;
  least: number;
  most?: number;
  step: 1 | 'any';
  onChange: (value: number | undefined) => void;
}

/**
 * A number input. An invalid number remains visible, with what is expected, until it is corrected; meanwhile the previous one stays
 * in use.
 */
export function TypedNumber({ id, value, least, most = Number.MAX_VALUE, onChange, ...input }: TypedNumberProps) {
  const [refused, setRefused] = useState<string>();
  useEffect(() => setRefused(undefined), [value]);
  const read = ({ currentTarget }: { currentTarget: HTMLInputElement }) => {
    const text = currentTarget.value;
    const to = Number(text);
    const isEmpty = text === '' && !currentTarget.validity.badInput;
    const isRight = text !== '' && to >= least && to <= most && (input.step === 'any' || Number.isInteger(to));
    const mayBe = isEmpty ? input.placeholder !== undefined : isRight;
    setRefused(mayBe ? undefined : text);
    if (mayBe) onChange(isEmpty ? undefined : to);
  };
  const expected = `${input.step === 1 ? 'a whole number ' : ''}from ${least}${most < Number.MAX_VALUE ? ` to ${most}` : ''}`;
  return (
    <>
      <input
        {...input}
        id={id}
        type="number"
        min={least}
        max={most < Number.MAX_VALUE ? most : undefined}
        value={refused ?? value ?? ''}
        aria-invalid={refused !== undefined}
        aria-describedby={refused === undefined ? undefined : `${id}-refused`}
        onChange={read}
      />
      {refused !== undefined && (
        <p id={`${id}-refused`} class="refused" role="alert">
          {`⚠ ${refused === '' ? 'no number' : refused}: ${expected}`}
        </p>
      )}
    </>
  );
}

/** A whole number, or with `step` any number, in a form of options, with its label. */
export const NumberOption = ({ name, step = 1, ...number }: NumberOptionProps) => (
  <div class="option">
    <label for={number.id}>{name}</label>
    <TypedNumber class="json" step={step} {...number} />
  </div>
);

interface NumberOptionProps extends Omit<TypedNumberProps, 'step'>, Partial<Pick<TypedNumberProps, 'step'>> {
  name: string;
}
