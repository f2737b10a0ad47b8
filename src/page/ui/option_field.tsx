import type { ErrorParts } from '../../errors.ts';
import type { OptionFacts } from '../../index.ts';
import { Choices } from './choices.tsx';
import { withOption } from './with_option.ts';
import './option_field.css';

export interface OptionFieldProps {
  option: OptionFacts;
  /** Id of the controls, each of which has its own label. */
  id: string;
  /** The value in the JSON; undefined for the default. */
  value: unknown;
  onChange: (value: unknown) => void;
  /** The error of its value, shown below it. */
  error?: ErrorParts | undefined;
  /** Upper end of the slider, instead of the usual one for options of this name. */
  end?: number | undefined;
}

/** Upper ends of sliders for options without a maximum, by the option's name. Typed numbers may be larger. */
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
  initialLearningRate: 0.1,
  endLearningRate: 0.01,
  warmupTarget: 0.1,
  maxLearningRate: 1,
  decayRate: 10,
  power: 4,
  emaOverwriteFrequency: 1000,
  patience: 20,
  minDelta: 0.1,
  cooldown: 10,
  minLr: 0.01,
  startFromEpoch: 10,
  k: 10,
};

/** Text, and numbers for which a slider is unsuitable. */
const typed = ['rescale', 'zcaEpsilon', 'preprocessingFunction'];
const example: Record<string, string> = {
  rescale: '1/255',
  preprocessingFunction: 'return 255.0 - pixel;',
  baseline: 'none',
};

/** A control for an option, depending on its schema: a slider, two for a range, a checkbox, or a list. */
export function OptionField({ option, id, value, onChange, error, end }: OptionFieldProps) {
  const shown = value ?? option.default;
  const { name, kind } = option;
  const note = error && <Refused id={id} {...error} />;
  const aria = error && refusedBy(id);
  if (kind === 'range' && option.default === null) {
    return (
      <div class="option">
        <label class="tick" for={`${id}-on`}>
          <input
            id={`${id}-on`}
            type="checkbox"
            checked={shown !== null}
            onChange={({ currentTarget }) => onChange(currentTarget.checked ? [0.8, 1.2] : undefined)}
          />
          {name}
        </label>
        {shown !== null && <OptionField option={{ ...option, default: [1, 1] }} {...{ id, value, onChange }} />}
      </div>
    );
  }
  if (kind === 'boolean') {
    return (
      <div class="option">
        <label class="tick" for={id}>
          <input
            {...aria}
            id={id}
            type="checkbox"
            checked={Boolean(shown)}
            onChange={(event) => onChange(event.currentTarget.checked)}
          />
          <span>{broken(name)}</span>
        </label>
        {note}
      </div>
    );
  }
  if (kind === 'choice') {
    return (
      <div class="option">
        <label for={id}>{name}</label>
        <select
          {...aria}
          id={id}
          value={String(shown)}
          onChange={({ currentTarget }) =>
            onChange(option.choices!.find((choice) => String(choice) === currentTarget.value))
          }
        >
          {option.default === null && <option value="null">none</option>}
          <Choices of={choicesWith(option.choices!, shown)} />
        </select>
        {note}
      </div>
    );
  }
  if (kind === 'range' || (kind === 'numberOrRange' && isPair(shown))) {
    const [low, high] = (shown ?? [1, 1]) as [number, number];
    const bound = { ...option, ...(aroundZero.includes(name) && { least: Number.NEGATIVE_INFINITY }) };
    return (
      <div class="option">
        <Alternative {...{ option, onChange }} shown={shown} />
        <Slider
          option={bound}
          label={`${name}, from`}
          id={id}
          value={low}
          onChange={(to) => onChange([to, Math.max(to, high)])}
        />
        <Slider
          option={bound}
          label={`${name}, to`}
          id={`${id}-high`}
          value={high}
          onChange={(to) => onChange([Math.min(to, low), to])}
        />
        {note}
      </div>
    );
  }
  if (kind === 'numberOrVariant') {
    return (
      <>
        <VariantField {...{ option, id, value, onChange, error }} />
        {typeof shown !== 'object' && (
          <OptionField option={{ ...option, kind: 'number' }} {...{ id, value, onChange, error }} />
        )}
      </>
    );
  }
  if (kind === 'layers') {
    return (
      <div class="option">
        <label for={id}>{name}</label>
        <input
          {...aria}
          id={id}
          class="json"
          value={Array.isArray(shown) ? shown.join(', ') : shown === undefined ? '' : String(shown)}
          placeholder="the layer before it"
          onChange={({ currentTarget }) => onChange(readLayers(currentTarget.value))}
        />
        {note}
      </div>
    );
  }
  if (kind !== 'other' && !Array.isArray(shown) && !typed.includes(name) && !isUnbound(option)) {
    return (
      <div class="option">
        <Alternative {...{ option, onChange }} shown={shown} />
        <Slider {...{ option, id, onChange, error, end }} label={name} value={shown as number | undefined} />
        {note}
      </div>
    );
  }
  return (
    <div class="option">
      <Alternative {...{ option, onChange }} shown={shown} />
      <label for={id}>{name}</label>
      <input
        {...aria}
        id={id}
        class="json"
        value={typeof shown === 'string' ? shown : shown === undefined || shown === null ? '' : JSON.stringify(shown)}
        placeholder={example[name] ?? (shown === null ? 'none' : 'JSON')}
        onChange={({ currentTarget }) => onChange(readJson(currentTarget.value))}
      />
      {note}
    </div>
  );
}

/** An optional number without a minimum, so that a slider has no starting point. */
const isUnbound = ({ default: byDefault, least }: OptionFacts) => byDefault === undefined && least === undefined;

const refusedBy = (id: string) => ({ 'aria-invalid': true, 'aria-describedby': `${id}-refused` });

/** The error of a value, in a line below its field. */
export function Refused({ id, what, found, expected, fix }: ErrorParts & { id: string }) {
  const text = typeof found === 'string' ? found : JSON.stringify(found);
  const more = [expected, fix].filter(Boolean).join('; ');
  return (
    <p id={`${id}-refused`} class="refused" role="alert" title={what}>
      {`⚠ ${more ? `${text}: ${more}` : what}`}
    </p>
  );
}

/** The choices, and the current value even if it is not one of them, so that it is shown with its error. */
const choicesWith = (choices: readonly (string | number)[], shown: unknown): readonly (string | number)[] =>
  typeof shown !== 'string' || choices.includes(shown) ? choices : [shown, ...choices];

interface VariantFieldProps extends OptionFieldProps {
  /** The initial value of a variant; by default only its type. */
  starter?: (type: string) => object;
}

/** A choice between a number and objects of several types, and the options of the chosen one. */
export function VariantField({ option, id, value, onChange, starter, error }: VariantFieldProps) {
  const shown = (value ?? option.default) as number | { type: string } | undefined;
  const own = typeof shown === 'object' ? (shown as Record<string, unknown> & { type: string }) : undefined;
  const variants = option.variants ?? [];
  return (
    <>
      <div class="option">
        <label for={`${id}-type`}>{option.name} by</label>
        <select
          id={`${id}-type`}
          value={own?.type ?? 'number'}
          onChange={({ currentTarget: { value: type } }) =>
            onChange(type === 'number' ? undefined : { type, ...starter?.(type) })
          }
        >
          <option value="number">a number</option>
          <Choices of={variants.map(({ type }) => type)} />
        </select>
      </div>
      {own &&
        variants
          .find(({ type }) => type === own.type)
          ?.options.map((part) => (
            <OptionField
              key={part.name}
              option={part}
              id={`${id}-${part.name}`}
              value={own[part.name]}
              {...(error?.place?.[1] === part.name && { error })}
              onChange={(to) => onChange(withOption(own, part.name, to))}
            />
          ))}
    </>
  );
}

/** Allows line breaks between the words of a long name. */
const broken = (name: string) => name.split(/(?=[A-Z])/).flatMap((word) => [word, <wbr key={word} />]);

const isPair = (value: unknown): value is [number, number] => Array.isArray(value) && value.length === 2;

interface AlternativeProps {
  option: OptionFacts;
  shown: unknown;
  onChange: (value: unknown) => void;
}

/** For an option that is a number or several, switches between the two. */
function Alternative({ option: { name, kind, most }, shown, onChange }: AlternativeProps) {
  if (kind !== 'numberOrRange' && kind !== 'numberOrList') return null;
  const isOne = !Array.isArray(shown);
  const words = isOne ? (kind === 'numberOrRange' ? 'from … to' : 'a list') : 'number';
  const change = () => {
    if (kind === 'numberOrList') onChange(isOne ? [shown ?? 0] : Math.abs(shown[0]));
    else onChange(isOne ? rangeOf(name, Number(shown ?? 0), most) : numberOf(name, shown as [number, number]));
  };
  return (
    <button type="button" class="alternative" aria-label={`${name} as ${isOne ? words : 'a number'}`} onClick={change}>
      {words}
    </button>
  );
}

/** Options with whole numbers or ranges of them. */
const whole = ['bits', 'channels', 'd'];

/** For some options a number x means the range [-x, x] or [1 - x, 1 + x]; for others it is constant. */
const aroundZero = ['degrees', 'hue'];
const aroundOne = ['zoomRange', 'brightness', 'contrast', 'saturation'];

function rangeOf(name: string, x: number, most = Number.POSITIVE_INFINITY): [number, number] {
  if (aroundZero.includes(name)) return [-x, x];
  if (aroundOne.includes(name)) return [Math.max(0.1, 1 - x), 1 + x];
  const [low, high] = [x / 2, Math.min(1.5 * x, most)];
  return whole.includes(name) ? [Math.ceil(low), Math.floor(high)] : [low, high];
}

function numberOf(name: string, [low, high]: [number, number]): number {
  if (aroundZero.includes(name)) return Math.max(-low, high);
  const x = aroundOne.includes(name) ? Math.min(Math.max(high - 1, 1 - low), 1) : (low + high) / 2;
  return Number(x.toPrecision(6));
}

interface SliderProps extends Pick<OptionFieldProps, 'error' | 'end'> {
  option: OptionFacts;
  label: string;
  id: string;
  value: number | undefined;
  onChange: (value: number) => void;
}

/** A slider with a number next to it, which can also be typed. */
function Slider({ option, label, id, value, onChange, error, end: given }: SliderProps) {
  const aria = error && refusedBy(id);
  const { name, kind, least = 0, most = Number.POSITIVE_INFINITY } = option;
  const isWhole = kind === 'integer' || whole.includes(name);
  const usual = given ?? usualMost[name] ?? Math.max(1, 4 * (value ?? 1));
  const end = Math.max(Math.min(most, usual), value ?? 0);
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
          {...aria}
          id={id}
          type="range"
          min={begin}
          max={end}
          step={step}
          value={value ?? begin}
          onInput={({ currentTarget }) => change(currentTarget.value)}
        />
        <input
          {...aria}
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

/** Names separated by commas, or negative numbers that count from the end. */
function readLayers(text: string): (string | number)[] | undefined {
  if (text.trim() === '') return undefined;
  return text.split(',').map((part) => (/^\s*-\d+\s*$/.test(part) ? Number(part) : part.trim()));
}

/** Text that isn't JSON is kept as a string, so that the library reports what it expects. */
function readJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
