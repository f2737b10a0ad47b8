import { computed, signal } from '@preact/signals';
import { Fragment } from 'preact';
import { mirroringParts } from '../../../augment/mirroring.ts';
import { areCharacters } from '../../../data/characters.ts';
import type { AugmentationConfig, AugmentationFacts, OpConfig, OptionFacts } from '../../../index.ts';
import { augmentation, change, checked, dataset, experiment } from '../../app/state.ts';
import { training } from '../../app/worker_client.ts';
import { Choices } from '../../ui/choices.tsx';
import { movesOn, useNextFocus } from '../../ui/next_focus.ts';
import { OptionField } from '../../ui/option_field.tsx';
import { withOption } from '../../ui/with_option.ts';
import { AugmentationError } from './augmentation_error.tsx';

/** The options of augmentations, from the schemas that check them; undefined until the worker has answered. */
export const known = signal<AugmentationFacts | undefined>();

export async function installAugmentationFacts(): Promise<void> {
  known.value = await training.augmentationFacts();
}

/** An op of the list. One that is switched off does not take part in training. */
interface Item {
  op: OpConfig;
  isOn: boolean;
}

const items = computed<Item[] | undefined>(() => {
  const now = augmentation.value;
  if (!Array.isArray(now)) return undefined;
  const all = now.map((op: OpConfig) => ({ op, isOn: true }));
  // Ops are inserted in ascending order of their position.
  for (const [at, op] of Object.entries(experiment.value.switchedOff ?? {})) {
    all.splice(Number(at), 0, { op, isOn: false });
  }
  return all;
});

/**
 * The options that mirror digits or letters: arguments of the generator by name, or ops by their position among those that are on.
 */
const mirroring = computed(() => {
  const { facts } = dataset.value;
  return facts && areCharacters(facts.classNames) ? mirroringParts(augmentation.value) : [];
});

/** Warning at an option that mirrors digits or letters. */
const MirroringNote = () => (
  <p class="cut mirroring" role="status">
    Mirrored digits and letters look like others, a 2 like a 5, which costs accuracy. The preset handwriting leaves
    flips out.
  </p>
);

function setItems(next: Item[]): void {
  const off = next.flatMap(({ op, isOn }, at) => (isOn ? [] : [[at, op] as const]));
  change({
    augmentation: next.filter(({ isOn }) => isOn).map(({ op }) => op),
    switchedOff: off.length > 0 ? Object.fromEntries(off) : undefined,
  });
}

/** The augmentation as a form: Keras' arguments, or a list of ops. */
export function Pipeline() {
  if (!known.value) return null;
  return items.value ? <OpList items={items.value} facts={known.value} /> : <Generator facts={known.value} />;
}

/** Keras' most common arguments; the others are collapsed. */
const firstArguments = [
  'rotationRange',
  'widthShiftRange',
  'heightShiftRange',
  'shearRange',
  'zoomRange',
  'brightnessRange',
  'channelShiftRange',
  'fillMode',
  'horizontalFlip',
  'verticalFlip',
];

/** Once expanded, the other arguments remain so. */
const areMoreOpen = signal(false);

function Generator({ facts }: { facts: AugmentationFacts }) {
  const now = augmentation.value as Record<string, unknown>;
  const { error } = checked.value ?? {};
  const wrong = error?.place?.[0];
  const set = (option: OptionFacts, value: unknown) => {
    const { [option.name]: _, ...others } = now;
    const isDefault = value === undefined || JSON.stringify(value) === JSON.stringify(option.default);
    change({ augmentation: { ...others, ...(!isDefault && { [option.name]: value }) } as AugmentationConfig });
  };
  const fields = (options: OptionFacts[]) => (
    <div class="options">
      {options.map((option) => (
        <Fragment key={option.name}>
          <OptionField
            option={option}
            id={`generator-${option.name}`}
            value={now[option.name]}
            onChange={(value) => set(option, value)}
          />
          {error && wrong === option.name && <AugmentationError {...error} />}
          {mirroring.value.includes(option.name) && <MirroringNote />}
        </Fragment>
      ))}
    </div>
  );
  const isFirst = ({ name }: OptionFacts) => firstArguments.includes(name);
  const others = facts.generator.filter((option) => !isFirst(option));
  // An argument that Keras does not have has no field at which its error could be shown.
  const isUnknown = error?.place && !facts.generator.some(({ name }) => name === wrong);
  return (
    <fieldset class="op">
      <legend>Keras ImageDataGenerator</legend>
      {error && isUnknown && <AugmentationError {...error} />}
      {fields(facts.generator.filter(isFirst))}
      <details
        id="more-arguments"
        open={areMoreOpen.value || others.some(({ name }) => name === wrong || (name !== 'rescale' && name in now))}
        onToggle={({ currentTarget }) => (areMoreOpen.value = currentTarget.open)}
      >
        <summary>More of Keras' arguments: normalization, whitening, custom function</summary>
        {fields(others)}
      </details>
      <AddOp facts={facts} label="Or build a pipeline, starting with" onAdd={(op) => setItems([{ op, isOn: true }])} />
    </fieldset>
  );
}

function OpList({ items, facts }: { items: Item[]; facts: AugmentationFacts }) {
  const focusNext = useNextFocus();
  const replace = (at: number, ...by: Item[]) => setItems([...items.slice(0, at), ...by, ...items.slice(at + 1)]);
  const move = (at: number, by: number) => {
    const next = [...items];
    const [moved] = next.splice(at, 1);
    next.splice(at + by, 0, moved!);
    focusNext(`#op-tools-${at + by} .move-${movesOn(at + by, by, next.length)}`);
    setItems(next);
  };
  const remove = (at: number) => {
    const last = at === items.length - 1;
    focusNext(items.length > 1 ? `#op-tools-${last ? at - 1 : at} .remove` : '#add-op');
    replace(at);
  };
  const { error } = checked.value ?? {};
  const on = items.filter(({ isOn }) => isOn);
  const wrong = error && on[error.place?.[0] as number];
  return (
    <>
      <ol class="ops" aria-label="Ops, in the order in which they are applied">
        {items.map((item, at) => {
          const { op, isOn } = item;
          const options = facts.ops.find(({ type }) => type === op.type)?.options ?? [];
          return (
            <li key={at} class={`op ${isOn ? '' : 'off'} ${item === wrong ? 'bad' : ''}`}>
              <div class="op-head">
                <label class="tick" for={`op-${at}`}>
                  <input
                    id={`op-${at}`}
                    type="checkbox"
                    checked={isOn}
                    onChange={() => replace(at, { op, isOn: !isOn })}
                  />
                  {item === wrong && <span aria-hidden="true">⚠</span>}
                  {op.type}
                </label>
                <span id={`op-tools-${at}`} class="tools">
                  <Tool
                    kind="move-up"
                    text="↑"
                    label={`move ${op.type} up`}
                    disabled={at === 0}
                    onClick={() => move(at, -1)}
                  />
                  <Tool
                    kind="move-down"
                    text="↓"
                    label={`move ${op.type} down`}
                    disabled={at === items.length - 1}
                    onClick={() => move(at, 1)}
                  />
                  <Tool kind="remove" text="×" label={`remove ${op.type}`} onClick={() => remove(at)} />
                </span>
              </div>
              {error && item === wrong && <AugmentationError {...error} />}
              {mirroring.value.includes(on.indexOf(item)) && <MirroringNote />}
              {isOn && (
                <div class="options">
                  {options.map((option) => (
                    <OptionField
                      key={option.name}
                      option={option}
                      id={`op-${at}-${option.name}`}
                      value={op[option.name as keyof OpConfig]}
                      onChange={(value) => replace(at, { isOn, op: withOption(op, option.name, value) })}
                    />
                  ))}
                </div>
              )}
            </li>
          );
        })}
      </ol>
      {items.length === 0 && <p class="facts">The network trains on the unmodified images.</p>}
      <AddOp facts={facts} label="Add" onAdd={(op) => setItems([...items, { op, isOn: true }])} />
    </>
  );
}

interface ToolProps {
  kind: string;
  text: string;
  label: string;
  disabled?: boolean;
  onClick: () => void;
}

const Tool = ({ kind, text, label, ...props }: ToolProps) => (
  <button type="button" class={`tool ${kind}`} aria-label={label} title={label} {...props}>
    {text}
  </button>
);

/** Initial options of an op with a required option; crops start with the images' size. */
const begins: Record<string, Record<string, unknown>> = {
  randomGamma: { gamma: [0.7, 1.5] },
  randomPosterize: { bits: 4 },
  randomAdjustSharpness: { sharpnessFactor: 2 },
  gaussianBlur: { kernelSize: 3 },
  randomRotation: { degrees: 15 },
  randomAffine: { degrees: 15, translate: [0.1, 0.1], scale: [0.9, 1.1] },
  colorJitter: { brightness: 0.4, contrast: 0.4 },
  cutout: { size: 4 },
  gridMask: { d: 4 },
};

function cropOf(type: string) {
  const [height, width] = checked.value?.shape ?? [1, 1];
  const size = height === width ? height : [height, width];
  if (type === 'randomCrop') return { size, padding: Math.ceil(Math.min(height, width) / 8) };
  return type === 'randomResizedCrop' ? { size } : {};
}

function AddOp({ facts, label, onAdd }: { facts: AugmentationFacts; label: string; onAdd: (op: OpConfig) => void }) {
  return (
    <div class="add">
      <label for="add-op">{label}</label>
      <select
        id="add-op"
        value=""
        onChange={({ currentTarget }) => {
          const { value: type } = currentTarget;
          currentTarget.value = '';
          if (type) onAdd({ type, ...begins[type], ...cropOf(type) } as OpConfig);
        }}
      >
        <option value="">an op…</option>
        <Choices of={facts.ops.map(({ type }) => type)} />
      </select>
    </div>
  );
}
