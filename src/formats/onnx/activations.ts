import {
  type ActivationSpec,
  activationName,
  defaultNegativeSlope,
  type ElementwiseName,
} from '../../model/activations.ts';
import type { GraphBuilder } from './graph_builder.ts';

type Lowering = (graph: GraphBuilder, layer: string, x: string, negativeSlope: number) => string;

const one =
  (operator: string, attributes = {}): Lowering =>
  (graph, layer, x) =>
    graph.node(layer, operator, [x], attributes);

/** Activations as operators of opset 17. Gelu and Mish were added later, so they are composed of other operators. */
const lowerings: Record<ElementwiseName, Lowering> = {
  linear: (_graph, _layer, x) => x,
  relu: one('Relu'),
  tanh: one('Tanh'),
  sigmoid: one('Sigmoid'),
  relu6: (graph, layer, x) =>
    graph.node(layer, 'Clip', [x, graph.scalar(`${layer}/least`, 0), graph.scalar(`${layer}/most`, 6)]),
  leakyRelu: (graph, layer, x, slope) => graph.node(layer, 'LeakyRelu', [x], { alpha: { float: slope } }),
  elu: one('Elu'),
  selu: one('Selu'),
  // x / 2 * (1 + erf(x / sqrt(2))).
  gelu: (graph, layer, x) => {
    const scaled = graph.node(layer, 'Mul', [x, graph.scalar(`${layer}/sqrt_half`, Math.SQRT1_2)]);
    const erf = graph.node(layer, 'Erf', [scaled]);
    const both = graph.node(layer, 'Add', [erf, graph.scalar(`${layer}/one`, 1)]);
    const half = graph.node(layer, 'Mul', [x, graph.scalar(`${layer}/half`, 0.5)]);
    return graph.node(layer, 'Mul', [half, both]);
  },
  silu: (graph, layer, x) => graph.node(layer, 'Mul', [x, graph.node(layer, 'Sigmoid', [x])]),
  softplus: one('Softplus'),
  softsign: one('Softsign'),
  hardSigmoid: one('HardSigmoid', { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }),
  hardSwish: one('HardSwish'),
  mish: (graph, layer, x) =>
    graph.node(layer, 'Mul', [x, graph.node(layer, 'Tanh', [graph.node(layer, 'Softplus', [x])])]),
  exponential: one('Exp'),
};

/** Adds the nodes of y = activation(x). */
export function lowerActivation(graph: GraphBuilder, layer: string, activation: ActivationSpec, x: string): string {
  const slope = typeof activation === 'string' ? defaultNegativeSlope : activation.negativeSlope;
  return lowerings[activationName(activation)](graph, layer, x, slope);
}
