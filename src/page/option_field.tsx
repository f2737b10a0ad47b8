import type { OptionFacts } from '../index.ts';
import './option_field.css';

export interface OptionFieldProps {
  option: OptionFacts;
  /** Of the controls, each with a label of its own. */
  id: string;
  /** As the JSON has it; undefined for the default. */
  value: unknown;
  onChange: (value: unknown) => void;
}

/** Where a slider ends whose option has no end: what is usual, by the option's name. Typed numbers may go beyond. */
const usualMost: Record<string, number> = {
  rotationRange: 180,
  degrees: 180,
  shearRange: 45,
  shear: 45,
  widthShiftRange: 0.5,
  heightShiftRange: 0.5,
  zoomRange: 0.9,
  channelShiftRange: 128,
  brightnessRange: 2,
  cval: 255,
  fill: 255,
  brightness: 1,
  contrast: 1,
  saturation: 1,
  gamma: 3,
  gain: 2,
  scale: 2,
  ratio: 4,
  alpha: 50,
  sigma: 10,
  sharpnessFactor: 4,
  threshold: 255,
  magnitude: 30,
  size: 32,
  d: 32,
  severity: 10,
  clipnorm: 10,
  clipvalue: 1,
  globalClipnorm: 10,
  weightDecay: 0.1,
};

/** A control for an option, by what its schema says of it: a slider, two of them for a range, a box to tick, a list. */
export function OptionField({ option, id, value, onChange }: OptionFieldProps) {
  const shown = value ?? option.default;
  const { name, kind } = option;
  if (kind === 'boolean') {
    return (
      <div class="option">
        <label class="tick" for={id}>
          <input
            id={id}
            type="checkbox"
            checked={Boolean(shown)}
            onChange={(event) => onChange(event.currentTarget.checked)}
          />
          {name}
        </label>
      </div>
    );
  }
  if (kind === 'choice') {
    return (
      <div class="option">
        <label for={id}>{name}</label>
        <select
          id={id}
          value={String(shown)}
          onChange={({ currentTarget }) =>
            onChange(option.choices!.find((choice) => String(choice) === currentTarget.value))
          }
        >
          {option.choices!.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      </div>
    );
  }
  if (kind === 'range' || (kind === 'numberOrRange' && Array.isArray(shown) && shown.length === 2)) {
    const [low, high] = (shown ?? [1, 1]) as [number, number];
    return (
      <div class="option">
        <Slider
          option={option}
          label={`${name}, from`}
          id={id}
          value={low}
          onChange={(to) => onChange([to, Math.max(to, high)])}
        />
        <Slider
          option={option}
          label={`${name}, to`}
          id={`${id}-high`}
          value={high}
          onChange={(to) => onChange([Math.min(to, low), to])}
        />
      </div>
    );
  }
  if (kind !== 'other' && !Array.isArray(shown)) {
    return (
      <div class="option">
        <Slider option={option} label={name} id={id} value={shown as number | undefined} onChange={onChange} />
      </div>
    );
  }
  return (
    <div class="option">
      <label for={id}>{name}</label>
      <input
        id={id}
        class="json"
        value={shown === undefined ? '' : JSON.stringify(shown)}
        placeholder={shown === null ? 'none' : 'JSON'}
        onChange={({ currentTarget }) => onChange(readJson(currentTarget.value))}
      />
    </div>
  );
}

interface SliderProps {
  option: OptionFacts;
  label: string;
  id: string;
  value: number | undefined;
  onChange: (value: number) => void;
}

/** A slider with the number beside it, which can be typed as well. */
function Slider({ option, label, id, value, onChange }: SliderProps) {
  const { name, kind, least = 0, most = Number.POSITIVE_INFINITY } = option;
  const isWhole = kind === 'integer';
  const end = Math.max(Math.min(most, usualMost[name] ?? Math.max(1, 4 * (value ?? 1))), value ?? 0);
  const begin = Math.min(Math.max(least, -end), value ?? 0);
  const step = isWhole || end - begin > 40 ? 1 : 10 ** Math.floor(Math.log10((end - begin) / 50));
  const change = (text: string) => {
    const to = Number(text);
    if (text !== '' && Number.isFinite(to)) onChange(isWhole ? Math.round(to) : to);
  };
  return (
    <>
      <label for={id}>{label}</label>
      <div class="slider">
        <input
          id={id}
          type="range"
          min={begin}
          max={end}
          step={step}
          value={value ?? begin}
          onInput={({ currentTarget }) => change(currentTarget.value)}
        />
        <input
          type="number"
          aria-label={`${label}, as a number`}
          step="any"
          value={value ?? ''}
          onChange={({ currentTarget }) => change(currentTarget.value)}
        />
      </div>
    </>
  );
}

/** What isn't JSON is a text: the library says what it wants instead. */
function readJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
