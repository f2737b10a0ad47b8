import { signal } from '@preact/signals';
import { count } from '../../../figures.ts';
import { classesOption, type LayerConfig, type LayerFacts, layerNames, type Model } from '../../../index.ts';
import { reconnect } from '../../../model/reconnect.ts';
import { known } from '../../app/model_facts.ts';
import { change, layers, model } from '../../app/state.ts';
import { styleOf } from '../../plots/line_style.ts';
import { Swatch } from '../../plots/swatch.tsx';
import { Choices } from '../../ui/choices.tsx';
import { ColumnNames } from '../../ui/column_names.tsx';
import { Facts } from '../../ui/error_facts.tsx';
import { movesOn, useNextFocus } from '../../ui/next_focus.ts';
import { OptionsForm } from '../../ui/options_form.tsx';

/** Index of the layer whose options are shown. */
const opened = signal<number | undefined>();

/** The list of layers with their output shapes and parameters; layers that don't fit show their errors. */
export function Layers() {
  const shown = model.value;
  const focusNext = useNextFocus();
  if (!shown) return null;
  const { summary, error, fits } = layers.value;
  const set = (layers: readonly LayerConfig[]) => change({ model: { inputShape: shown.inputShape, layers } as Model });
  /** Replaces one layer of the list by others, or removes it. */
  const replace = (at: number, ...by: (number | LayerConfig)[]) => {
    const others = [...shown.layers.keys()];
    set(reconnect(shown.layers, [...others.slice(0, at), ...by, ...others.slice(at + 1)]));
  };
  const move = (at: number, by: number) => {
    const next = [...shown.layers.keys()];
    const [moved] = next.splice(at, 1);
    next.splice(at + by, 0, moved!);
    opened.value = at + by;
    focusNext(`#model [data-at="${at + by}"] .move-${movesOn(at + by, by, next.length)}`);
    set(reconnect(shown.layers, next));
  };
  const shownLayers = summary ?? fits ?? [];
  const names = layerNames(shown);
  // An error of a single layer contains its index; any other error is about the whole model.
  const [place] = error?.place ?? [];
  const badAt = typeof place === 'number' ? place : shown.layers.length;
  let curve = -1;
  const ofClasses = classesOption(shown.layers);
  // The number of units of the output layer is determined by the data set.
  const given = (at: number) => (ofClasses?.layer === at ? [ofClasses.option] : []);
  /** A new layer after the one at `before`; one with several inputs gets that layer and the nearest one that fits. */
  const started = ({ starter, leastInputs }: LayerFacts, before: number): LayerConfig => {
    if (leastInputs < 2 || before < 0) return starter;
    const shape = shownLayers[before]?.outputShape.join();
    const fits = shownLayers.slice(0, before).findLastIndex(({ outputShape }) => outputShape.join() === shape);
    const other = names[fits >= 0 ? fits : before]!;
    const inputs = [names[before]!, ...Array.from({ length: leastInputs - 1 }, () => other)];
    return { ...starter, inputs } as LayerConfig;
  };
  return (
    <>
      <table id="model">
        <ColumnNames names={['layer', 'output', 'parameters']} />
        {shown.layers.map((layer, at) => {
          const facts = shownLayers[at];
          if (facts?.measured) curve++;
          const isBad = error !== undefined && at === badAt;
          const isOpen = opened.value === at;
          const last = at === shown.layers.length - 1;
          const name = names[at]!;
          return (
            <tbody key={`${at} ${layer.type}`} data-at={at} class={isBad ? 'bad' : ''}>
              <tr>
                <th scope="row">
                  <button
                    type="button"
                    class="layer"
                    aria-expanded={isOpen}
                    onClick={() => (opened.value = isOpen ? undefined : at)}
                  >
                    {facts?.measured ? <Swatch style={styleOf(curve)} /> : null}
                    {isBad && <span aria-hidden="true">⚠</span>}
                    {name}
                  </button>
                </th>
                <td>{facts?.outputShape.join(' × ') ?? '–'}</td>
                <td>{facts?.parameters ? count(facts.parameters) : '–'}</td>
              </tr>
              {isBad && (
                <tr>
                  <td id="layer-error" class="error-facts" colSpan={3} role="alert">
                    <strong>{error.what}</strong>
                    <Facts {...error} />
                  </td>
                </tr>
              )}
              {isOpen && (
                <tr>
                  <td class="error-facts" colSpan={3}>
                    <Options
                      layer={layer}
                      at={at}
                      given={given(at)}
                      onChange={(to) => set(shown.layers.with(at, to))}
                    />
                    <div class="tools">
                      <button
                        type="button"
                        class="quiet move-up"
                        aria-label={`move ${name} up`}
                        disabled={at === 0}
                        onClick={() => move(at, -1)}
                      >
                        Up
                      </button>
                      <button
                        type="button"
                        class="quiet move-down"
                        aria-label={`move ${name} down`}
                        disabled={last}
                        onClick={() => move(at, 1)}
                      >
                        Down
                      </button>
                      <button
                        type="button"
                        class="quiet"
                        aria-label={`remove ${name}`}
                        disabled={shown.layers.length === 1}
                        onClick={() => {
                          opened.value = undefined;
                          focusNext(`#model [data-at="${last ? at - 1 : at}"] .layer`);
                          replace(at);
                        }}
                      >
                        Remove
                      </button>
                      <AddLayer
                        at={at}
                        onAdd={(facts) => {
                          const added = started(facts, last ? at - 1 : at);
                          opened.value = last ? at : at + 1;
                          focusNext(`#model [data-at="${opened.value}"] .layer`);
                          // Nothing can follow the probabilities, so a layer added at the end is inserted before them.
                          replace(at, ...(last ? [added, at] : [at, added]));
                        }}
                        label={last ? 'Insert before' : 'Insert after'}
                      />
                    </div>
                  </td>
                </tr>
              )}
            </tbody>
          );
        })}
        <tfoot>
          <tr>
            <th scope="row" colSpan={2}>
              total
            </th>
            <td>{summary ? count(summary.reduce((sum, { parameters }) => sum + parameters, 0)) : '–'}</td>
          </tr>
        </tfoot>
      </table>
      {error && badAt >= shown.layers.length && (
        <div id="model-error" class="error inset" role="alert">
          <strong>{error.what}</strong>
          <Facts {...error} />
        </div>
      )}
    </>
  );
}

interface OptionsProps {
  layer: LayerConfig;
  at: number;
  /** Names of options that are set elsewhere. */
  given: readonly string[];
  onChange: (layer: LayerConfig) => void;
}

/** Layer names follow from the order, and regularizers can only be edited as JSON. */
const isHidden = (name: string) => name === 'name' || name.endsWith('Regularizer');

function Options({ layer, at, given, onChange }: OptionsProps) {
  const options = known.value?.layers.find(({ type }) => type === layer.type)?.options ?? [];
  const shown = options.filter(({ name }) => !given.includes(name) && !isHidden(name));
  if (!shown.length) return <p class="facts">It has no options.</p>;
  return (
    <OptionsForm id={`layer-${at}`} options={shown} value={layer} onChange={(to) => onChange(to as LayerConfig)} />
  );
}

function AddLayer({ at, label, onAdd }: { at: number; label: string; onAdd: (layer: LayerFacts) => void }) {
  return (
    <span class="add-layer">
      <label for={`add-layer-${at}`}>{label}</label>
      <select
        id={`add-layer-${at}`}
        value=""
        onChange={({ currentTarget }) => {
          const added = known.value.layers.find(({ type }) => type === currentTarget.value);
          currentTarget.value = '';
          if (added) onAdd(added);
        }}
      >
        <option value="">a layer…</option>
        <Choices of={known.value.layers.map(({ type }) => type)} />
      </select>
    </span>
  );
}
