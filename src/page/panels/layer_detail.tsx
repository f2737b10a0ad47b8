import { Curves } from '../plots/curves.ts';
import { layerLines, type MeasuredOfLayer } from '../plots/lines.ts';
import { RunPlot } from '../plots/run_plot.tsx';
import { layers as planned, run } from '../state.ts';
import { ExponentMap } from './exponent_map.tsx';
import { chosenLayer, mapLayers } from './gradient_map.tsx';
import { VerdictMark, VerdictReason } from './verdict_badge.tsx';

const nothing = new Curves();

interface Figure {
  of: MeasuredOfLayer;
  title: string;
  about: string;
  logarithmic: boolean;
}

const figures: Figure[] = [
  { of: 'norm', title: 'Gradient norm', about: 'of all its weights together', logarithmic: true },
  {
    of: 'updateRatio',
    title: 'Update ratio',
    about: 'how far a step moves its weights, to their norm',
    logarithmic: true,
  },
  {
    of: 'transport',
    title: 'Transport factor',
    about: 'what it gets of the gradient at the layer behind',
    logarithmic: true,
  },
  { of: 'dead', title: 'Dead units', about: 'share never positive since the epoch began', logarithmic: false },
];

/** The layer that is chosen on the map: its verdict in words, and what is measured of it over the steps. */
export function LayerDetail() {
  const layer = chosenLayer();
  if (!layer) return null;
  const verdict = run.value?.verdictOf(layer);
  const isLast = layer === mapLayers().at(-1);
  const shown = figures.filter(({ of }) => !(of === 'transport' && isLast) && !(of === 'dead' && !hasDeadUnits(layer)));
  return (
    <section id="layer-detail" class="layer-detail" aria-labelledby="layer-detail-title">
      <h3 id="layer-detail-title">
        {layer}
        {verdict && (
          <span class={`badge ${verdict.verdict}`}>
            <VerdictMark verdict={verdict.verdict} />
          </span>
        )}
      </h3>
      <div class="facts">{verdict && <VerdictReason verdict={verdict} />}</div>
      <div class="layer-plots">
        {shown.map(({ of, title, about, logarithmic }) => (
          // Another layer is another plot.
          <div key={`${layer} ${of}`}>
            <RunPlot
              id={`layer-${of}`}
              title={title}
              logarithmic={logarithmic}
              share={!logarithmic}
              lines={({ curves }) => layerLines(curves, layer, of)}
              idle={() => layerLines(nothing, layer, of)}
              description={`${title} of ${layer} over the steps: ${about}`}
              empty={about}
            />
          </div>
        ))}
      </div>
      <ExponentMap layer={layer} />
    </section>
  );
}

/** ReLU is the activation whose units can die. */
function hasDeadUnits(layer: string): boolean {
  const summary = run.value?.layers ?? planned.value.summary;
  return summary?.find(({ name }) => name === layer)?.activation === 'relu';
}
