import { rectifiers } from '../model/activations.ts';
import type { Pass, VerdictName } from './health.ts';
import type { Figures, JudgedLayer } from './verdicts.ts';

/** What a verdict says, from the figures of the step that decided. */

/** Three digits that count: 0.0123, 6.34e7. */
function short(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || (size >= 1e-3 && size < 1e5)) return String(Number(value.toPrecision(3)));
  return value.toExponential(2).replace('e+', 'e');
}

const percent = (share: number) => `${short(100 * share)} %`;

/** The figures that led to a verdict, in one sentence without its full stop. */
export function sentenceFor(name: VerdictName, figures: Figures): string {
  const { layer, own } = figures;
  switch (name) {
    case 'healthy': {
      const isLast = figures.layers.at(-1)!.name === layer.name;
      return [`${isLast ? '' : 'enough arrives: '}${reachClause(figures)}`, updateClause(figures)].join('; ');
    }
    case 'vanishing':
    case 'exploding':
      return [reachClause(figures), ...lossClause(figures), updateClause(figures)].join('; ');
    case 'dead': {
      const silent = `${percent(own.activation.zeros)} of its outputs are zero`;
      return own.dead === 0
        ? `${layer.name} fell silent: ${silent}`
        : `${own.dead} of the ${own.units} units of ${layer.name} were never positive in this epoch; ${silent}`;
    }
    case 'saturated':
      return (
        `${percent(own.activation.saturated)} of the outputs of ${layer.name} lie where ${layer.activation} is flat ` +
        `(standard deviation ${short(own.activation.standardDeviation)}); ${reachClause(figures)}`
      );
    case 'non-finite':
      return nonFiniteSentence(figures);
  }
}

function reachClause({ layer, layers, own, reach }: Figures): string {
  const last = layers.at(-1)!.name;
  if (layer.name === last) return `${last} is the last layer, RMS of its delta ${short(own.deltaRms)}`;
  const hops = pathFrom(layer, layers).length - 1;
  const each = hops > 1 && reach > 0 ? `, ${short(reach ** (1 / hops))} a layer` : '';
  return `the gradient at ${layer.name} is ${short(reach)} times that at ${last}${each}`;
}

/** Where more than half of the orders of magnitude are lost or won on the way down, if that is one layer. */
function lossClause(figures: Figures): string[] {
  const found = culprit(figures);
  if (!found) return [];
  const { layer, factor } = found;
  return factor === 0
    ? [`${layer.name} lets nothing through`]
    : [`most of that at ${layer.name} (${short(factor)} times)`];
}

function culprit({ layer, layers, health, reach }: Figures): { layer: JudgedLayer; factor: number } | undefined {
  const path = pathFrom(layer, layers)
    .slice(0, -1)
    .map((layer) => ({ layer, factor: health.layers[layer.name]!.transport! }));
  // From the last layer down: behind the first that lets nothing through, 0 / 0 is no factor.
  const stop = path.findLast(({ factor }) => factor === 0);
  if (stop || path.length < 2) return stop;
  return path.find(({ factor }) => Math.log(factor) / Math.log(reach) > 0.5);
}

/** The layer and the ones that its gradient comes from by the shortest path, to the last. */
function pathFrom(layer: JudgedLayer, layers: readonly JudgedLayer[]): JudgedLayer[] {
  const path = [layer];
  for (let next = layer.next; next !== undefined; next = layers[next]!.next) path.push(layers[next]!);
  return path;
}

function updateClause({ layer, own }: Figures): string {
  const moved = Number.isFinite(own.updateRatio)
    ? `its weights move by ${short(own.updateRatio)} of their norm a step`
    : `RMS of its gradient ${short(own.gradientRms)}`;
  return rectifiers.includes(layer.activation) && own.dead > 0
    ? `${moved}, ${own.dead} of ${own.units} units dead`
    : moved;
}

const places: Record<Pass, (figures: Figures) => string> = {
  forward: ({ own }) => `${numbers(own.nonFinite.activations)} of its output`,
  loss: () => 'the loss behind it',
  gradient: ({ own }) => {
    const found = own.nonFinite.gradients || own.nonFinite.deltas;
    return found ? `${numbers(found)} of its gradient` : 'the square of its gradient';
  },
  update: ({ own }) => `${numbers(own.nonFinite.weights)} of its new weights`,
};
const numbers = (count: number) => (count === 1 ? '1 number' : `${count} numbers`);

function nonFiniteSentence(figures: Figures): string {
  const { layer, step, health, lastUpdateRatio } = figures;
  const { pass } = health.firstNonFinite!;
  const before =
    lastUpdateRatio !== undefined && Number.isFinite(lastUpdateRatio)
      ? `; the last update before was ${short(lastUpdateRatio)} times its weights`
      : '';
  return (
    `at step ${step.step} the first numbers that are not finite arose in the ${pass} pass of ${layer.name}: ` +
    `${places[pass](figures)}${before}`
  );
}

/** What usually helps; empty for a healthy layer. */
export function remedyFor(name: VerdictName, figures: Figures): string {
  const { layer, layers } = figures;
  switch (name) {
    case 'healthy':
      return '';
    case 'vanishing': {
      const cause = culprit(figures)?.layer;
      if (cause && cause.name !== layer.name)
        return `see to ${cause.name} first: what it stops reaches no layer below it`;
      const squashing = pathFrom(layer, layers).find(
        ({ activation }) => activation === 'sigmoid' || activation === 'tanh',
      );
      return squashing
        ? `relu with heNormal or heUniform in place of ${squashing.activation}, whose slope is at most ${squashing.activation === 'sigmoid' ? '1/4' : '1'}; fewer layers`
        : 'larger initial weights (heNormal or heUniform; a scale above 1); fewer layers';
    }
    case 'exploding':
      return (
        'initial weights at the scale of the activation (heNormal for relu, glorotUniform for the others, no scale above 1); ' +
        'globalClipnorm bounds the update meanwhile'
      );
    case 'dead':
      return 'biases that start at zero, a smaller learning rate, heNormal or heUniform; else tanh in its place';
    case 'saturated':
      return 'inputs scaled to 0 ... 1 (rescale 1 / 255), smaller initial weights (glorotUniform, lecunNormal); else relu in its place';
    case 'non-finite':
      return 'a smaller learning rate, globalClipnorm; inputs scaled to 0 ... 1 and initial weights without a scale';
  }
}
