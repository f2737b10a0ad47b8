import { ConfigurationError } from '../errors.ts';
import { activationName } from '../model/activations.ts';
import { type CompiledModel, compileModel, type Model } from '../model/graph.ts';
import { definitionOf, type LayerConfig } from '../model/layers/index.ts';
import type { ExperimentChange, NormalizationChange } from './experiment_change.ts';

/** The layer options that hold the initializer of a kernel. */
export const kernelOptions = ['kernelInitializer', 'depthwiseInitializer', 'pointwiseInitializer'];

export const hasOption = ({ type }: Pick<LayerConfig, 'type'>, name: string): boolean =>
  Object.hasOwn(definitionOf(type).schema.entries, name);

const roleOf = (layer: LayerConfig | undefined) => layer && definitionOf(layer.type).role;
const hasKernel = (layer: LayerConfig) => kernelOptions.some((name) => hasOption(layer, name));

/** Changes the activations, initializers and filters of all layers but the output layer. */
export function changeHidden(
  model: Model,
  { activation, kernelInitializer, filtersTimes = 1 }: NonNullable<ExperimentChange['hidden']>,
): Model {
  const { layers: compiled, output } = compileModel(model);
  const layers = model.layers.map((layer, i): LayerConfig => {
    if (i === output) return layer;
    const isActivated = hasOption(layer, 'activation') && activationName(compiled[i]!.activation) !== 'linear';
    const kernels = kernelInitializer ? kernelOptions.filter((name) => hasOption(layer, name)) : [];
    const { filters } = layer as { filters?: number };
    return {
      ...layer,
      ...(filters !== undefined && { filters: Math.max(1, Math.round(filters * filtersTimes)) }),
      ...(activation && isActivated && { activation }),
      ...Object.fromEntries(kernels.map((name) => [name, kernelInitializer])),
    } as LayerConfig;
  });
  return { ...model, layers };
}

/**
 * Inserts a normalization after the kernel of every layer but the output layer, before the activation.
 *
 * @throws ConfigurationError for a network with branches, whose layers name their inputs and would bypass the normalizations.
 */
export function normalizeHidden(model: Model, normalization: NormalizationChange): Model {
  const compiled = compileModel(model);
  const { layers: given } = model;
  if (given.some((layer) => roleOf(layer) === 'normalization')) {
    const layers = given.map((layer) => (roleOf(layer) === 'normalization' ? replaced(layer, normalization) : layer));
    return { ...model, layers };
  }
  requireChain(model, compiled, 'A normalization cannot be added');
  const layers = given.flatMap((layer, i): LayerConfig[] => {
    if (i === compiled.output || !hasKernel(layer)) return [layer];
    const activation = compiled.layers[i]!.activation;
    if (activationName(activation) === 'linear') return [layer, normalization];
    return [
      { ...layer, activation: 'linear' } as LayerConfig,
      normalization,
      { type: 'activation', activation: activationName(activation) },
    ];
  });
  return { ...model, layers };
}

/** Replaces a normalization in the same position; one of the same type keeps its other options. */
const replaced = (layer: LayerConfig, normalization: NormalizationChange): LayerConfig =>
  layer.type === normalization.type
    ? ({ ...layer, ...normalization } as LayerConfig)
    : { ...normalization, ...(layer.name && { name: layer.name }), ...(layer.inputs && { inputs: layer.inputs }) };

/**
 * Adds shortcuts: each layer, with the normalization and activation that follow it, adds its input to its output if both have
 * the same shape: y = x + f(x) (He et al. 2015).
 *
 * @throws ConfigurationError if no layer has an input and an output of the same shape, and for a network with branches.
 */
export function addShortcuts(model: Model): Model {
  const compiled = compileModel(model);
  requireChain(model, compiled, 'Shortcuts cannot be added');
  const layers: LayerConfig[] = [];
  let added = 0;
  for (let i = 0; i < model.layers.length; i++) {
    const first = i;
    layers.push(model.layers[i]!);
    if (first === compiled.output || !hasKernel(model.layers[i]!)) continue;
    while (['normalization', 'activation'].includes(roleOf(model.layers[i + 1]) ?? '')) layers.push(model.layers[++i]!);
    const [from, to] = [compiled.layers[first]!.inputShape, compiled.layers[i]!.outputShape];
    if (i >= compiled.output || from.join() !== to.join()) continue;
    layers.push({ type: 'add', inputs: [-1, -2 - (i - first)] });
    added++;
  }
  if (added === 0) {
    const shapes = compiled.layers.map(({ outputShape }) => outputShape.join(' x '));
    throw new ConfigurationError({
      what: 'No layer has an input and an output of the same shape, as a shortcut requires',
      found: `shapes ${[...new Set(shapes)].join(', ')}`,
      expected: 'at least two consecutive layers with the same output shape',
    });
  }
  return { ...model, layers };
}

function requireChain({ layers }: Model, { output }: CompiledModel, what: string): void {
  const branching = layers.findIndex(({ inputs }) => inputs !== undefined);
  if (branching < 0 && output === layers.length - 1) return;
  throw new ConfigurationError({
    what: `${what} to a network with branches`,
    found: `layer ${branching + 1} (${layers[branching]?.type}) names its inputs`,
    expected: 'layers that each take the output of the previous one',
  });
}
