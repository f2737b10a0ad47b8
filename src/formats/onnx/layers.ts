import type { CompiledNode } from '../../model/graph.ts';
import type { LayerType } from '../../model/layers/index.ts';
import { permuted, sidesOfWindow, transposeWindow } from '../layouts.ts';
import type { GraphBuilder } from './graph_builder.ts';
import type { Attribute } from './protobuf.ts';

/** A layer being converted to graph nodes. In the graph, images are [batch, channels, height, width] and vectors [batch, units]. */
export interface Lowered<T extends LayerType> {
  layer: CompiledNode<T>;
  graph: GraphBuilder;
  /** Input values. */
  inputs: readonly string[];
  /** The layer's tensors by name, in wgrad's layout. */
  tensors: Readonly<Record<string, Float32Array>>;
}

type Lower<T extends LayerType> = (lowered: Lowered<T>) => string;

/** For layers that only act in training: in inference they pass their input through. */
const passOn = ({ inputs }: { inputs: readonly string[] }) => inputs[0]!;

const isImage = (shape: readonly number[]) => shape.length === 3;

/** Transposes [batch, channels, height, width] to channels last, the order in which wgrad flattens images. */
export const channelsLast = (graph: GraphBuilder, layer: string, x: string): string =>
  graph.node(layer, 'Transpose', [x], { perm: [0, 2, 3, 1] });
export const channelsFirst = (graph: GraphBuilder, layer: string, x: string): string =>
  graph.node(layer, 'Transpose', [x], { perm: [0, 3, 1, 2] });

/** Whether both layouts store the image's elements in the same order. */
const oneOrder = ([height, width, channels]: readonly number[]) => channels === 1 || height! * width! === 1;

/** Reshapes the elements in wgrad's order. In ONNX a 0 keeps an axis unchanged, here the batch. */
function reshape({ layer, graph, inputs }: Lowered<'reshape'> | Lowered<'flatten'>): string {
  const { inputShape: from, outputShape: to, name } = layer;
  let x = inputs[0]!;
  if (from.join() === to.join()) return x;
  if (isImage(from) && !oneOrder(from)) x = channelsLast(graph, name, x);
  if (isImage(to) && oneOrder(to)) {
    const [height, width, channels] = to as [number, number, number];
    return graph.node(name, 'Reshape', [x, graph.integers(`${name}/shape`, [0, channels, height, width])]);
  }
  x = graph.node(name, 'Reshape', [x, graph.integers(`${name}/shape`, [0, ...to])]);
  return isImage(to) ? channelsFirst(graph, name, x) : x;
}

interface WindowLayer {
  inputShape: readonly number[];
  outputShape: readonly number[];
  details: { window: [number, number]; strides: [number, number]; pad: [number, number]; dilation?: [number, number] };
}

/** Attributes of a window: kernel size, strides, dilation, and the padding on each side in ONNX' order. */
function windowAttributes(layer: WindowLayer) {
  const { window, strides, dilation } = layer.details;
  const { top, left, bottom, right } = sidesOfWindow(layer);
  return { kernel_shape: window, strides, pads: [top, left, bottom, right], ...(dilation && { dilations: dilation }) };
}

/** Permutes the axes of a kernel [height, width, in, out]. */
function kernel({ layer, graph, tensors }: Lowered<LayerType>, name: string, order: readonly number[]): string {
  const { shape } = layer.weights.find((spec) => spec.name === name)!;
  const moved = permuted(tensors[name]!, shape, order);
  return graph.floats(`${layer.name}.${name}`, moved.shape, moved.data);
}

const vector = ({ layer, graph, tensors }: Lowered<LayerType>, name: string): string[] =>
  tensors[name] ? [graph.floats(`${layer.name}.${name}`, [tensors[name].length], tensors[name])] : [];

const any = <T extends LayerType>(lowered: Lowered<T>) => lowered as unknown as Lowered<LayerType>;

/** The depthwise kernel as that of a grouped convolution with one channel per group: [channels * multiplier, 1, height, width]. */
function depthwiseKernel(lowered: Lowered<LayerType>): string {
  const { layer, graph, tensors } = lowered;
  const { shape } = layer.weights[0]!;
  const [height, width, channels, multiplier] = shape as [number, number, number, number];
  const { data } = permuted(tensors.depthwiseKernel!, shape, [2, 3, 0, 1]);
  return graph.floats(`${layer.name}.depthwiseKernel`, [channels * multiplier, 1, height, width], data);
}

const merge =
  (operator: string) =>
  ({ layer, graph, inputs }: Lowered<LayerType>): string =>
    graph.node(layer.name, operator, inputs);

function globalPool(operator: string) {
  return ({ layer, graph, inputs }: Lowered<LayerType>): string => {
    const pooled = graph.node(layer.name, operator, inputs);
    return isImage(layer.outputShape) ? pooled : graph.node(layer.name, 'Flatten', [pooled], { axis: 1 });
  };
}

const filled = (length: number, value: number) => new Float32Array(length).fill(value);

/** gamma and beta [channels]; ones and zeros if the layer has none. */
function gammaAndBeta({ layer, graph, tensors }: Lowered<LayerType>, channels: number): [string, string] {
  const { gamma = filled(channels, 1), beta = filled(channels, 0) } = tensors;
  const { name } = layer;
  return [graph.floats(`${name}.gamma`, [channels], gamma), graph.floats(`${name}.beta`, [channels], beta)];
}

export const lowerings: { [T in LayerType]: Lower<T> } = {
  conv2d(lowered) {
    const { layer, graph, inputs } = lowered;
    const weights = [kernel(any(lowered), 'kernel', [3, 2, 0, 1]), ...vector(any(lowered), 'bias')];
    const attributes = { ...windowAttributes(layer), group: layer.config.groups };
    return graph.node(layer.name, 'Conv', [...inputs, ...weights], attributes);
  },
  depthwiseConv2d(lowered) {
    const { layer, graph, inputs } = lowered;
    const weights = [depthwiseKernel(any(lowered)), ...vector(any(lowered), 'bias')];
    const attributes = { ...windowAttributes(layer), group: layer.inputShape[2]! };
    return graph.node(layer.name, 'Conv', [...inputs, ...weights], attributes);
  },
  separableConv2d(lowered) {
    const { layer, graph, inputs } = lowered;
    const attributes = { ...windowAttributes(layer), group: layer.inputShape[2]! };
    const depthwise = graph.node(layer.name, 'Conv', [...inputs, depthwiseKernel(any(lowered))], attributes);
    const weights = [kernel(any(lowered), 'pointwiseKernel', [3, 2, 0, 1]), ...vector(any(lowered), 'bias')];
    return graph.node(layer.name, 'Conv', [depthwise, ...weights], { kernel_shape: [1, 1] });
  },
  conv2dTranspose(lowered) {
    const { layer, graph, inputs } = lowered;
    const { window, strides, dilation } = layer.details;
    const { cut, added } = transposeWindow(layer);
    const weights = [kernel(any(lowered), 'kernel', [3, 2, 0, 1]), ...vector(any(lowered), 'bias')];
    return graph.node(layer.name, 'ConvTranspose', [...inputs, ...weights], {
      kernel_shape: window,
      strides,
      dilations: dilation,
      pads: [cut.top, cut.left, cut.bottom, cut.right],
      output_padding: added,
    });
  },
  dense(lowered) {
    const { layer, graph, inputs } = lowered;
    const weights = [kernel(any(lowered), 'kernel', [0, 1]), ...vector(any(lowered), 'bias')];
    return graph.node(layer.name, 'Gemm', [...inputs, ...weights]);
  },
  maxPooling2d: ({ layer, graph, inputs }) => graph.node(layer.name, 'MaxPool', inputs, windowAttributes(layer)),
  // Padding is excluded from the mean.
  averagePooling2d: ({ layer, graph, inputs }) =>
    graph.node(layer.name, 'AveragePool', inputs, { ...windowAttributes(layer), count_include_pad: 0 }),
  globalAveragePooling2d: (lowered) => globalPool('GlobalAveragePool')(any(lowered)),
  globalMaxPooling2d: (lowered) => globalPool('GlobalMaxPool')(any(lowered)),
  batchNormalization(lowered) {
    const { layer, graph, inputs } = lowered;
    const parameters = [
      ...gammaAndBeta(any(lowered), layer.inputShape.at(-1)!),
      ...vector(any(lowered), 'movingMean'),
      ...vector(any(lowered), 'movingVariance'),
    ];
    const epsilon = { float: layer.config.epsilon };
    return graph.node(layer.name, 'BatchNormalization', [...inputs, ...parameters], { epsilon });
  },
  layerNormalization({ layer, graph, inputs, tensors }) {
    const { inputShape, details, config, name } = layer;
    const { size } = details;
    // The normalized axes: the last ones, in wgrad's order.
    let axis = inputShape.length;
    let covered = 1;
    do covered *= inputShape[--axis]!;
    while (covered < size);
    const own = inputShape.slice(axis);
    const { gamma = filled(size, 1), beta } = tensors;
    const whole = isImage(inputShape) && axis === 0;
    const add = (tensor: string, data: Float32Array) => {
      const { shape, data: values } = whole ? permuted(data, own, [2, 0, 1]) : { shape: own, data };
      return graph.floats(`${name}.${tensor}`, shape, values);
    };
    const parameters = [add('gamma', gamma), ...(beta ? [add('beta', beta)] : [])];
    const attributes = { axis: axis + 1, epsilon: { float: config.epsilon } };
    const normalize = (x: string) => graph.node(name, 'LayerNormalization', [x, ...parameters], attributes);
    if (whole || !isImage(inputShape)) return normalize(inputs[0]!);
    return channelsFirst(graph, name, normalize(channelsLast(graph, name, inputs[0]!)));
  },
  // Treats each group as one channel of an instance normalization, because opset 17 has no GroupNormalization.
  groupNormalization(lowered) {
    const { layer, graph, inputs } = lowered;
    const { inputShape, details, config, name } = layer;
    const { groups } = details;
    const channels = inputShape.at(-1)!;
    const grouped = graph.node(name, 'Reshape', [inputs[0]!, graph.integers(`${name}/groups`, [0, groups, -1])]);
    const ones = graph.floats(`${name}/ones`, [groups], filled(groups, 1));
    const zeros = graph.floats(`${name}/zeros`, [groups], filled(groups, 0));
    const epsilon = { float: config.epsilon };
    const normalized = graph.node(name, 'InstanceNormalization', [grouped, ones, zeros], { epsilon });
    const shape = isImage(inputShape) ? [0, channels, inputShape[0]!, inputShape[1]!] : [0, channels];
    let y = graph.node(name, 'Reshape', [normalized, graph.integers(`${name}/shape`, shape)]);
    const { gamma, beta } = lowered.tensors;
    const wide = isImage(inputShape) ? [channels, 1, 1] : [channels];
    if (gamma) y = graph.node(name, 'Mul', [y, graph.floats(`${name}.gamma`, wide, gamma)]);
    if (beta) y = graph.node(name, 'Add', [y, graph.floats(`${name}.beta`, wide, beta)]);
    return y;
  },
  activation: passOn,
  dropout: passOn,
  spatialDropout2d: passOn,
  gaussianNoise: passOn,
  add: (lowered) => merge('Sum')(any(lowered)),
  multiply: ({ layer, graph, inputs }) => inputs.reduce((x, y) => graph.node(layer.name, 'Mul', [x, y])),
  average: (lowered) => merge('Mean')(any(lowered)),
  maximum: (lowered) => merge('Max')(any(lowered)),
  concatenate({ layer, graph, inputs }) {
    const { axis } = layer.details;
    const moved = isImage(layer.outputShape) ? [2, 3, 1][axis - 1]! : axis;
    return graph.node(layer.name, 'Concat', inputs, { axis: moved });
  },
  flatten: reshape,
  reshape,
  zeroPadding2d({ layer, graph, inputs }) {
    const { top, bottom, left, right } = layer.details;
    const pads = graph.integers(`${layer.name}/pads`, [0, 0, top, left, 0, 0, bottom, right]);
    return graph.node(layer.name, 'Pad', [...inputs, pads]);
  },
  cropping2d({ layer, graph, inputs }) {
    const { name, details, inputShape } = layer;
    const [height, width] = inputShape as [number, number, number];
    const starts = graph.integers(`${name}/starts`, [details.top, details.left]);
    const ends = graph.integers(`${name}/ends`, [height - details.bottom, width - details.right]);
    return graph.node(name, 'Slice', [...inputs, starts, ends, graph.integers(`${name}/axes`, [2, 3])]);
  },
  upSampling2d({ layer, graph, inputs }) {
    const { sizeY, sizeX } = layer.details;
    const scales = graph.floats(`${layer.name}/scales`, [4], Float32Array.of(1, 1, sizeY, sizeX));
    const attributes: Record<string, Attribute> =
      layer.config.interpolation === 'nearest'
        ? { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
        : { mode: 'linear', coordinate_transformation_mode: 'half_pixel' };
    return graph.node(layer.name, 'Resize', [...inputs, '', scales], attributes);
  },
};
