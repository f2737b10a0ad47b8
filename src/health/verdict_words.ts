import { rectifiers } from '../model/activations.ts';
import { declineWords, steadyDecline } from './decline.ts';
import type { Pass, VerdictName } from './health.ts';
import { pathFrom } from './path.ts';
import type { Figures, JudgedLayer } from './verdicts.ts';

/** The sentence of a verdict, from the figures of the step in which it was reached or of any other step. */

/** The figures of a layer in one step that the sentences use; undefined if not measured. */
export interface LayerState extends JudgedLayer {
  /** Relative gradient: RMS of its delta over the last layer's. */
  reach?: number;
  /** Gradient ratio to the next layer: RMS of its delta over that layer's; undefined for the last layer. */
  transport?: number;
  updateRatio?: number;
  gradientNorm?: number;
  units: number;
  /** Number of units that have not been positive in this epoch. */
  dead?: number;
  /** Fractions of its outputs, 0 to 1. */
  zeros?: number;
  saturated?: number;
  /** Fraction of units that equal another one, 0 to 1. */
  equal?: number | undefined;
}

/** Formats with three significant digits: 0.0123, 6.34e7. */
function short(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || (size >= 1e-3 && size < 1e5)) return String(Number(value.toPrecision(3)));
  return value.toExponential(2).replace('e+', 'e');
}

/** Formats as a percentage if that is readable: 34.3 %, 4 %, 0.16 %, 2.46e-7. */
function share(value: number): string {
  if (value > 0 && value < 1e-5) return short(value);
  return `${Number((100 * value).toPrecision(value < 0.1 ? 2 : 3))} %`;
}

/** The figures that led to a verdict, as one sentence without its full stop. */
export function sentenceFor(name: VerdictName, figures: Figures): string {
  return name === 'non-finite'
    ? nonFiniteSentence(figures)
    : stateSentence(name, figures.layer.name, layerStates(figures));
}

/**
 * The state of a layer with a verdict in a step, as one sentence without its full stop; empty if too little is known.
 *
 * @param layers those with weights, in the model's order.
 */
export function stateSentence(
  verdict: Exclude<VerdictName, 'non-finite'>,
  layer: string,
  layers: readonly LayerState[],
): string {
  const at = layers.findIndex(({ name }) => name === layer);
  const state = layers[at]!;
  const arrives = arrivalClauses(layers, at, verdict === 'vanishing');
  switch (verdict) {
    case 'healthy':
      return [...arrives, ...updateClauses(state)].join('; ');
    case 'vanishing':
    case 'exploding':
      return [...arrives, ...lossClauses(layers, at, verdict), ...updateClauses(state)].join('; ');
    case 'weakening': {
      const decline = steadyDecline(layers, at, 1, ({ transport }) => transport);
      const words = decline ? [declineWords(decline, layer, at === 0)] : arrives;
      return [...words, ...updateClauses(state)].join('; ');
    }
    case 'symmetric':
      return symmetricClause(state);
    case 'dead':
      return deadClauses(state).join('; ');
    case 'saturated':
      return [...saturatedClauses(state), ...arrives].join('; ');
  }
}

export function layerStates({ health, layers }: Figures): LayerState[] {
  const last = health.layers[layers.at(-1)!.name]!;
  return layers.map((layer) => {
    const { activation, deltaRms, transport, updateRatio, gradientNorm, units, dead, equal } =
      health.layers[layer.name]!;
    const { zeros, saturated } = activation;
    const reach = deltaRms / last.deltaRms;
    return { ...layer, reach, transport, updateRatio, gradientNorm, units, dead, zeros, saturated, equal };
  });
}

/** The fraction of the last layer's gradient that reaches a layer; empty if unknown. */
function arrivalClauses(layers: readonly LayerState[], at: number, isLittle: boolean): string[] {
  const { name, reach } = layers[at]!;
  const hops = pathFrom(layers, at).length - 1;
  if (hops === 0) return [`${name} is the last layer: its gradient comes straight from the loss`];
  if (reach === undefined || !Number.isFinite(reach)) return [];
  if (reach === 0) return [`nothing of the last layer's gradient reaches ${name}`];
  const each = hops > 1 ? ` (${short(reach ** (1 / hops))} times per layer)` : '';
  return reach > 1
    ? [`the gradient at ${name} is ${short(reach)} times the last layer's${each}`]
    : [`${isLittle ? 'only' : 'about'} ${share(reach)} of the last layer's gradient reaches ${name}${each}`];
}

/** The layer at which more than half of the orders of magnitude are lost or gained, if there is a single one. */
function lossClauses(layers: readonly LayerState[], at: number, verdict: 'vanishing' | 'exploding'): string[] {
  const found = culprit(layers, at);
  if (!found) return [];
  const { layer, factor } = found;
  if (factor === 0) return [`${layer.name} lets nothing through`];
  return [`most of it is ${verdict === 'vanishing' ? 'lost' : 'gained'} at ${layer.name} (${short(factor)} times)`];
}

/** The single layer at which more than half of the orders of magnitude are lost or gained on the way from the loss. */
export function culprit(layers: readonly LayerState[], at: number): { layer: LayerState; factor: number } | undefined {
  const path = pathFrom(layers, at)
    .slice(0, -1)
    .map((layer) => ({ layer, factor: layer.transport ?? Number.NaN }));
  // Search from the last layer down: after the first layer that passes on nothing, 0 / 0 is not a factor.
  const stop = path.findLast(({ factor }) => factor === 0);
  if (stop || path.length < 2) return stop;
  return path.find(({ factor }) => Math.log(factor) / Math.log(layers[at]!.reach!) > 0.5);
}

function updateClauses({ activation, updateRatio, gradientNorm, dead, units }: LayerState): string[] {
  const clauses: string[] = [];
  if (updateRatio === 0) clauses.push('the step does not change its weights');
  else if (Number.isFinite(updateRatio)) clauses.push(`a step changes its weights by ${share(updateRatio!)}`);
  else if (gradientNorm !== undefined) clauses.push(`the norm of its gradient is ${short(gradientNorm)}`);
  if (rectifiers.includes(activation) && dead) clauses.push(`${dead} of its ${units} units are dead`);
  return clauses;
}

function symmetricClause({ name, units, equal }: LayerState): string {
  const some = equal === undefined ? 'units' : `${Math.round(equal * units)} of the ${units} units`;
  return `${some} of ${name} have the same weights and the same gradient as another unit, and so stay equal: together they learn what one of them would`;
}

function deadClauses({ name, units, dead, zeros }: LayerState): string[] {
  const silent = zeros === undefined ? [] : [`${share(zeros)} of its outputs are zero`];
  if (dead === undefined) return silent;
  return dead === 0
    ? [`${name} fell silent`, ...silent]
    : [`${dead} of the ${units} units of ${name} were never positive in this epoch`, ...silent];
}

const saturatedClauses = ({ name, activation, saturated }: LayerState): string[] =>
  saturated === undefined ? [] : [`${share(saturated)} of the outputs of ${name} lie where ${activation} is flat`];

const places: Record<Pass, (figures: Figures) => string> = {
  forward: ({ own }) => `${numbers(own.nonFinite.activations)} of its output`,
  loss: () => 'the loss after it',
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
