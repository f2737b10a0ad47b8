import { type ActivationName, rectifiers } from '../model/activations.ts';
import type { FilledInitializer } from '../model/weight_options.ts';
import type { Change, HealthRecord, Remedy, VerdictName } from './health.ts';
import { inputWords, isHealthyInput, rescaleFor } from './inputs.ts';
import { pathFrom } from './path.ts';
import { culprit, layerStates } from './verdict_words.ts';
import type { Figures, JudgedLayer } from './verdicts.ts';

/**
 * Remedies, the most promising first, as text and, if it is a single setting, as a change of the experiment. They can't form
 * cycles: each change can be made once (inputs into their range, weights to the scale of their activation, sigmoid and tanh to
 * relu, relu to leakyRelu, a clip) or only goes in one direction (a smaller learning rate). After some of them, nothing is left to
 * suggest.
 */

/** Largest relative change of a layer's weights per step before the learning rate is suspected to be too large. */
export const largestUpdateRatio = 0.1;

/**
 * Whether random weights have approximately the scale that preserves the magnitude of a signal. Unknown initializers are assumed to
 * be fine.
 */
function isSound(initializer: FilledInitializer | undefined): boolean {
  if (!initializer) return true;
  const within = (scale: number) => Math.abs(scale) >= 0.5 && Math.abs(scale) <= 1.5;
  if (!/^(glorot|he|lecun)|^orthogonal$/.test(initializer.type)) return false;
  return within(initializer.scale) && (initializer.type !== 'orthogonal' || within(initializer.gain));
}

const isConstant = (initializer: FilledInitializer | undefined): boolean =>
  initializer !== undefined && ['zeros', 'ones', 'constant'].includes(initializer.type);

const squashing: readonly ActivationName[] = ['sigmoid', 'hardSigmoid', 'tanh', 'softsign', 'softmax', 'linear'];

/** Saturating activations other than rectifiers. Remedies replace them by relu and never reintroduce them. */
const canSaturate: readonly ActivationName[] = [
  ...(['sigmoid', 'hardSigmoid', 'tanh', 'softsign', 'relu6', 'elu', 'selu', 'softplus', 'exponential'] as const),
];

/** The initializer for an activation: He's for relu and its variants, which lose half of the signal; LeCun's for selu. */
const fitting = (activation: ActivationName): 'heNormal' | 'lecunNormal' | 'glorotUniform' =>
  activation === 'selu' ? 'lecunNormal' : squashing.includes(activation) ? 'glorotUniform' : 'heNormal';

/** Changes initializers to the right scale in every layer that has another one. */
function initialize(layers: readonly JudgedLayer[]): Change {
  const unsound = layers.filter(({ kernel }) => !isSound(kernel));
  return {
    layers: Object.fromEntries(
      unsound.map(({ name, activation }) => [name, { kernelInitializer: fitting(activation) }]),
    ),
  };
}

/** Replaces the given activations by `to`, with a fitting initializer, in all layers except the last. */
function activate(layers: readonly JudgedLayer[], from: readonly ActivationName[], to: ActivationName): Change {
  const kin = layers.slice(0, -1).filter(({ activation }) => from.includes(activation));
  const options = (layer: JudgedLayer) => ({
    activation: to,
    ...(layer.kernel && { kernelInitializer: fitting(to) }),
  });
  return { layers: Object.fromEntries(kin.map((layer) => [layer.name, options(layer)])) };
}

/** Remedies for inputs that are out of range; they take precedence over all others. */
export function inputRemedies(layers: readonly JudgedLayer[], input: HealthRecord['input']): Remedy[] {
  if (!input || isHealthyInput(layers, input)) return [];
  const factor = rescaleFor(input);
  return [{ words: `${inputWords(factor)} what reaches the first layer`, change: { rescale: factor } }];
}

export const smallerRate: Remedy = { words: 'a learning rate ten times smaller', change: { learningRateTimes: 0.1 } };
export const largerRate: Remedy = { words: 'a learning rate ten times larger', change: { learningRateTimes: 10 } };
const isLarge = ({ mostUpdateRatio = 0 }: Figures) => mostUpdateRatio >= largestUpdateRatio;

/** Remedies for weights of the wrong scale. */
function weights(layers: readonly JudgedLayer[], at: readonly JudgedLayer[]): Remedy[] {
  if (at.every(({ kernel }) => isSound(kernel))) return [];
  const words =
    'initial weights at the scale of the activation (heNormal for relu, glorotUniform for the others, no scale)';
  return [{ words, change: initialize(layers) }];
}

/** @returns an empty list for a healthy layer. */
export function remediesFor(name: VerdictName, figures: Figures): Remedy[] {
  if (name === 'healthy') return [];
  return [...inputRemedies(figures.layers, figures.health.input), ...remediesOf(name, figures)];
}

function remediesOf(name: Exclude<VerdictName, 'healthy'>, figures: Figures): Remedy[] {
  const { layer, layers } = figures;
  const at = layers.findIndex((other) => other.name === layer.name);
  const path = pathFrom(layers, at);
  switch (name) {
    case 'symmetric':
      return isConstant(layer.kernel)
        ? [
            {
              words: 'random initial weights (heNormal for relu, glorotUniform for the others)',
              change: initialize(layers),
            },
          ]
        : [{ words: 'random initial weights; weights that were loaded may be equal' }];
    case 'vanishing':
    case 'weakening': {
      const cause = name === 'vanishing' ? culprit(layerStates(figures), at)?.layer : undefined;
      if (cause && cause.name !== layer.name)
        return [{ words: `see to ${cause.name} first: what it stops reaches no layer below it` }];
      const flat = path.slice(0, -1).find(({ activation }) => /^(sigmoid|hardSigmoid|tanh|softsign)$/.test(activation));
      const scale = weights(layers, path);
      const slope = flat && /igmoid/.test(flat.activation) ? '1/4' : '1';
      const relu: Remedy[] = flat
        ? [
            {
              words: `relu with heNormal or heUniform in place of ${flat.activation}, whose slope is at most ${slope}`,
              change: activate(layers, ['sigmoid', 'hardSigmoid', 'tanh', 'softsign'], 'relu'),
            },
          ]
        : [];
      // A tanh of the right scale may suffice; a sigmoid never passes on more than a quarter.
      const first = slope === '1/4' ? [...relu, ...scale] : [...scale, ...relu];
      return [...first, { words: 'fewer layers, normalizations or shortcuts' }];
    }
    case 'exploding': {
      const scale = weights(layers, path);
      if (scale.length > 0) return [...scale, { words: 'globalClipnorm bounds the update meanwhile' }];
      return [{ words: 'globalClipnorm: 1', change: { globalClipnorm: 1 } }, { words: 'normalizations or shortcuts' }];
    }
    case 'dead': {
      const bias = layer.bias && layer.bias.type !== 'zeros';
      const zeros = { layers: { [layer.name]: { biasInitializer: 'zeros' as const } } };
      return [
        ...(bias ? [{ words: 'biases that start at zero', change: zeros }] : []),
        ...weights(layers, [layer]),
        ...(isLarge(figures) ? [smallerRate] : []),
        { words: 'leakyRelu in place of relu', change: activate(layers, rectifiers, 'leakyRelu') },
      ];
    }
    case 'saturated': {
      const change = activate(layers, [layer.activation], 'relu');
      return [
        ...weights(layers, [layer]),
        ...(isLarge(figures) ? [smallerRate] : []),
        ...(at < layers.length - 1 && canSaturate.includes(layer.activation)
          ? [{ words: `relu with heNormal in place of ${layer.activation}`, change }]
          : []),
      ];
    }
    case 'non-finite':
      return [...weights(layers, layers), smallerRate, { words: 'globalClipnorm: 1', change: { globalClipnorm: 1 } }];
  }
}

/** The texts of all remedies, in order. */
export const remedyWords = (remedies: readonly Remedy[]): string => remedies.map(({ words }) => words).join('; ');
