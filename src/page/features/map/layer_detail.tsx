import type { LayerSummary } from '../../../index.ts';
import { canDie } from '../../../kernels/activation.ts';
import { layers as planned } from '../../app/state.ts';
import { Curves } from '../../plots/curves.ts';
import { layerLines, type MeasuredOfLayer } from '../../plots/lines.ts';
import { chosenLayer, mapLayers } from '../run/chosen_layer.ts';
import { hidesVerdicts } from '../run/quiz.ts';
import { type Run, twinsOf } from '../run/run.ts';
import { RunPlot } from '../run/run_plot.tsx';
import { shownRun } from '../run/shown_run.ts';
import { shownStep } from '../run/shown_step.ts';
import { withTwin } from '../run/twin_lines.ts';
import { ExponentMap } from './exponent_map.tsx';
import { HowToRead } from './how_to_read.tsx';
import { VerdictMark, VerdictReason } from './verdict_badge.tsx';

const nothing = new Curves();

interface Figure {
  of: MeasuredOfLayer;
  title: string;
  about: string;
  logarithmic: boolean;
}

const figures: Figure[] = [
  {
    of: 'norm',
    title: 'Gradient norm',
    about: "Size of the layer's weight gradient",
    logarithmic: true,
  },
  {
    of: 'updateRatio',
    title: 'Update ratio',
    about: 'Weight change per step, relative to the weights. Around 0.001 is typical.',
    logarithmic: true,
  },
  {
    of: 'transport',
    title: 'Gradient ratio to the next layer',
    about: "How much of the next layer's gradient reaches this one: below 1 it shrinks, above 1 it grows",
    logarithmic: true,
  },
  {
    of: 'dead',
    title: 'Dead units',
    about: 'Share of units whose output was 0 for every image of the epoch. Such units cannot learn',
    logarithmic: false,
  },
];

/** What is below the map: how to read it, and the chosen layer. */
export const MapNotes = () => (
  <>
    <HowToRead />
    <LayerDetail />
  </>
);

/** The layer chosen on the map: its verdict in words, and its figures over the steps. */
function LayerDetail() {
  const layer = chosenLayer();
  if (!layer) return null;
  const whole = shownRun.value;
  const twins = whole ? twinsOf(whole) : [];
  whole?.events.value;
  const step = whole && shownStep(whole);
  const judged = twins.flatMap(({ name, run }) => {
    const verdict = step === undefined || hidesVerdicts.value ? undefined : run.verdictOf(layer, step)?.verdict;
    return verdict ? [{ name, run, verdict }] : [];
  });
  const has = (of: MeasuredOfLayer) =>
    twins.length ? twins.some(({ run }) => isMeasured(run, layer, of)) : isPlanned(layer, of);
  const shown = figures.filter(({ of }) => has(of));
  return (
    <section id="layer-detail" class="layer-detail" aria-labelledby="layer-detail-title">
      <h3 id="layer-detail-title">
        {layer}
        {judged.map(({ name, verdict }) => (
          <span key={name} class={`badge ${verdict}`}>
            <VerdictMark verdict={verdict} />
            {name && ` in ${name}`}
          </span>
        ))}
      </h3>
      {judged.map(({ name, run }) => (
        <div key={name} class="facts">
          {name && <strong>{name}</strong>}
          <VerdictReason run={run} layer={layer} step={step!} />
        </div>
      ))}
      <div class="layer-plots">
        {shown.map(({ of, title, about, logarithmic }) => (
          // Another layer gets a new plot.
          <div key={`${layer} ${of}`}>
            <RunPlot
              id={`layer-${of}`}
              title={title}
              logarithmic={logarithmic}
              share={!logarithmic}
              lines={(run) =>
                withTwin(run, (twin, style) =>
                  isMeasured(twin, layer, of) ? layerLines(twin.curves, layer, of, style) : [],
                )
              }
              idle={() => layerLines(nothing, layer, of)}
              about={about}
              description={`${title} of ${layer} over the steps`}
              empty="appears here"
            />
          </div>
        ))}
      </div>
      <ExponentMap layer={layer} />
    </section>
  );
}

/** The last layer has no next one, and the units of some activations can't die. */
function isMeasured({ trained, layers }: Run, layer: string, of: MeasuredOfLayer): boolean {
  if (!trained.includes(layer)) return false;
  if (of === 'transport') return layer !== trained.at(-1);
  return of !== 'dead' || hasDeadUnits(layers, layer);
}

function isPlanned(layer: string, of: MeasuredOfLayer): boolean {
  if (of === 'transport') return layer !== mapLayers().at(-1);
  return of !== 'dead' || hasDeadUnits(planned.value.summary ?? [], layer);
}

function hasDeadUnits(layers: readonly LayerSummary[], layer: string): boolean {
  const measured = layers.find(({ name }) => name === layer)?.measured;
  return measured !== undefined && canDie(measured.activation);
}
