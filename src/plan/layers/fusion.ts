import { type Activation, isFused } from '../../kernels/activation.ts';
import { type ActivationSpec, activationName } from '../../model/activations.ts';
import { followersOf, onlyConsumer } from '../../model/followers.ts';
import type { CompiledModel, CompiledNode } from '../../model/graph.ts';
import type { LayerType } from '../../model/layers/index.ts';
import type { Mode } from '../lowering.ts';

/** Layers that are computed in the dispatches of the layer before them. */
export interface Fused {
  /** Their indices in the model, in order. */
  members: number[];
  pool?: CompiledNode<'maxPooling2d'>;
  activation?: Activation;
  /** For an add after a normalization: index of the other layer that is added. */
  residual?: number;
  /** In inference: a batch normalization that is folded into the kernel and bias of the layer before it. */
  norm?: { index: number; layer: CompiledNode<'batchNormalization'> };
}

/** The layers whose kernels can apply an activation. */
const endsWithActivation = new Set<LayerType>([
  'conv2d',
  'dense',
  'depthwiseConv2d',
  'separableConv2d',
  'conv2dTranspose',
  'batchNormalization',
  'layerNormalization',
  'groupNormalization',
  'add',
  'multiply',
  'average',
  'maximum',
]);

/** The layers that are computed together, by the index of the first one. */
export function fusionsOf(model: CompiledModel, mode: Mode): Map<number, Fused> {
  const fusions = new Map<number, Fused>();
  const taken = new Set<number>();
  for (const index of model.order) {
    if (taken.has(index)) continue;
    const fused = fusedWith(model, index, mode);
    if (fused.members.length === 0) continue;
    fusions.set(index, fused);
    for (const member of fused.members) taken.add(member);
  }
  return fusions;
}

function fusedWith(model: CompiledModel, index: number, mode: Mode): Fused {
  const { layers } = model;
  const fused: Fused = { members: [] };
  const head = layers[index]!;
  let activation = head.activation;
  let last = index;
  const take = (member: number) => {
    fused.members.push(member);
    last = member;
  };
  const folded = mode === 'infer' ? normToFold(model, index) : undefined;
  if (folded !== undefined) {
    fused.norm = { index: folded, layer: layers[folded] as CompiledNode<'batchNormalization'> };
    take(folded);
  }
  for (const next of folded === undefined ? followers(model, index) : followers(model, folded)) {
    const layer = layers[next]!;
    if (layer.type === 'add') {
      if (folded !== undefined) break; // its kernel adds no shortcut
      fused.residual = layer.inputs.find((input) => input !== last)!;
      take(next);
    } else if (layer.type === 'activation') {
      if (!endsWithActivation.has(head.type) || !fuses(layer.activation) || activationName(activation) !== 'linear')
        break;
      activation = layer.activation;
      fused.activation = layer.activation as Activation;
      take(next);
    } else if (layer.type === 'maxPooling2d' && head.type === 'conv2d' && fuses(activation) && fitsPool(head, layer)) {
      fused.pool = layer;
      take(next);
    } else break;
  }
  return fused;
}

const fuses = (activation: ActivationSpec) => isFused(activation);

/** Merges have no tensors and are not measured, so only an activation can be fused into them. */
function followers(model: CompiledModel, index: number): number[] {
  if (model.layers[index]!.weights.length > 0) return followersOf(model, index);
  const next = onlyConsumer(model, index);
  return next !== undefined && model.layers[next]!.type === 'activation' ? [next] : [];
}

/** The layers whose kernel a normalization can be folded into: each output channel is a product with one column of weights. */
const foldable = new Set(['conv2d', 'dense', 'depthwiseConv2d']);

function normToFold(model: CompiledModel, index: number): number | undefined {
  const head = model.layers[index]!;
  const next = onlyConsumer(model, index);
  const isFoldable = foldable.has(head.type) && activationName(head.activation) === 'linear';
  return isFoldable && next !== undefined && model.layers[next]!.type === 'batchNormalization' ? next : undefined;
}

/** The convolution kernels can also compute a 2x2 pool of stride 2. */
function fitsPool({ config, details, ...layer }: CompiledNode<'conv2d'>, pool: CompiledNode<'maxPooling2d'>): boolean {
  const halves =
    pool.outputShape[0] === Math.floor(layer.outputShape[0]! / 2) &&
    pool.outputShape[1] === Math.floor(layer.outputShape[1]! / 2);
  const { window, strides, pad } = pool.details;
  const twoByTwo = [...window, ...strides].every((n) => n === 2) && pad.every((n) => n === 0);
  const dense = config.groups === 1 && details.dilation.every((n) => n === 1);
  return halves && twoByTwo && dense && config.filters % 4 === 0;
}
