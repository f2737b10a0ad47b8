import { computed, signal } from '@preact/signals';
import type { AugmentationConfig, AugmentationFacts, OpConfig, OptionFacts } from '../../index.ts';
import { OptionField } from '../option_field.tsx';
import { augmentation, change } from '../state.ts';
import { training } from '../worker/training.ts';

/** What an augmentation may say, by the schemas that check it; undefined until the worker has told. */
export const known = signal<AugmentationFacts | undefined>();
training.augmentationFacts().then((facts) => {
  known.value = facts;
});

/** Of a list. One that is switched off stays on the page, but is no part of the experiment. */
interface Item {
  op: OpConfig;
  isOn: boolean;
}

/** The list as it was left here, for as long as it says what the experiment says. */
const left = signal<Item[]>([]);

const items = computed<Item[] | undefined>(() => {
  const now = augmentation.value;
  if (!Array.isArray(now)) return undefined;
  const on = left.value.filter(({ isOn }) => isOn).map(({ op }) => op);
  if (JSON.stringify(on) === JSON.stringify(now)) return left.value;
  return now.map((op) => ({ op, isOn: true }));
});

function setItems(next: Item[]): void {
  left.value = next;
  change({ augmentation: next.filter(({ isOn }) => isOn).map(({ op }) => op) });
}

/** The augmentation as controls: Keras' arguments, or a list of ops. */
export function Pipeline() {
  if (!known.value) return null;
  return items.value ? <OpList items={items.value} facts={known.value} /> : <Generator facts={known.value} />;
}

/** Of Keras' arguments those that a person moves; the rest stays as it is. */
const shownArguments = [
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

function Generator({ facts }: { facts: AugmentationFacts }) {
  const now = augmentation.value as Record<string, unknown>;
  const shown = shownArguments.flatMap((name) => facts.generator.find((option) => option.name === name) ?? []);
  const set = (option: OptionFacts, value: unknown) => {
    const { [option.name]: _, ...others } = now;
    const isDefault = value === undefined || JSON.stringify(value) === JSON.stringify(option.default);
    change({ augmentation: { ...others, ...(!isDefault && { [option.name]: value }) } as AugmentationConfig });
  };
  return (
    <fieldset class="op">
      <legend>ImageDataGenerator, as Keras has it</legend>
      <div class="options">
        {shown.map((option) =>
          option.name === 'brightnessRange' && !now.brightnessRange ? (
            <div key={option.name} class="option">
              <label class="tick" for="generator-brightness">
                <input id="generator-brightness" type="checkbox" onChange={() => set(option, [0.8, 1.2])} />
                brightnessRange
              </label>
            </div>
          ) : (
            <OptionField
              key={option.name}
              option={option}
              id={`generator-${option.name}`}
              value={now[option.name]}
              onChange={(value) => set(option, value)}
            />
          ),
        )}
      </div>
      <AddOp
        facts={facts}
        label="Take a list of ops instead, beginning with"
        onAdd={(op) => setItems([{ op, isOn: true }])}
      />
    </fieldset>
  );
}

function OpList({ items, facts }: { items: Item[]; facts: AugmentationFacts }) {
  const replace = (at: number, ...by: Item[]) => setItems([...items.slice(0, at), ...by, ...items.slice(at + 1)]);
  const move = (at: number, by: number) => {
    const next = [...items];
    const [moved] = next.splice(at, 1);
    next.splice(at + by, 0, moved!);
    setItems(next);
  };
  return (
    <>
      <ol class="ops" aria-label="Ops, in the order in which they are applied">
        {items.map((item, at) => {
          const { op, isOn } = item;
          const options = facts.ops.find(({ type }) => type === op.type)?.options ?? [];
          return (
            <li key={at} class={isOn ? 'op' : 'op off'}>
              <div class="op-head">
                <label class="tick" for={`op-${at}`}>
                  <input
                    id={`op-${at}`}
                    type="checkbox"
                    checked={isOn}
                    onChange={() => replace(at, { op, isOn: !isOn })}
                  />
                  {op.type}
                </label>
                <span class="tools">
                  <Tool text="↑" label={`move ${op.type} up`} disabled={at === 0} onClick={() => move(at, -1)} />
                  <Tool
                    text="↓"
                    label={`move ${op.type} down`}
                    disabled={at === items.length - 1}
                    onClick={() => move(at, 1)}
                  />
                  <Tool text="×" label={`remove ${op.type}`} onClick={() => replace(at)} />
                </span>
              </div>
              {isOn && (
                <div class="options">
                  {options.map((option) => (
                    <OptionField
                      key={option.name}
                      option={option}
                      id={`op-${at}-${option.name}`}
                      value={op[option.name]}
                      onChange={(value) => replace(at, { isOn, op: withOption(op, option.name, value) })}
                    />
                  ))}
                </div>
              )}
            </li>
          );
        })}
      </ol>
      {items.length === 0 && <p class="facts">The images are trained on as they are.</p>}
      <AddOp facts={facts} label="Add" onAdd={(op) => setItems([...items, { op, isOn: true }])} />
    </>
  );
}

function withOption(op: OpConfig, name: string, value: unknown): OpConfig {
  const { [name]: _, ...others } = op;
  return value === undefined ? (others as OpConfig) : ({ ...others, [name]: value } as OpConfig);
}

interface ToolProps {
  text: string;
  label: string;
  disabled?: boolean;
  onClick: () => void;
}

const Tool = ({ text, label, ...props }: ToolProps) => (
  <button type="button" class="tool" aria-label={label} title={label} {...props}>
    {text}
  </button>
);

/** What an op that must be told something begins with. */
const begins: Record<string, Record<string, unknown>> = {
  randomRotation: { degrees: 15 },
  randomAffine: { degrees: 15, translate: [0.1, 0.1], scale: [0.9, 1.1] },
  colorJitter: { brightness: 0.4, contrast: 0.4 },
  cutout: { size: 4 },
  gridMask: { d: 4 },
};

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
          if (type) onAdd({ type, ...begins[type] });
        }}
      >
        <option value="">an op…</option>
        {facts.ops.map(({ type }) => (
          <option key={type} value={type}>
            {type}
          </option>
        ))}
      </select>
    </div>
  );
}
