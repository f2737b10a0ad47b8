import {
  type ActivationSpec,
  activationName,
  defaultNegativeSlope,
  type ElementwiseName,
} from '../../model/activations.ts';
import type { CompiledNode } from '../../model/graph.ts';
import type { LayerType } from '../../model/layers/index.ts';
import { product } from '../../product.ts';
import { permuted, sidesOfWindow, transposeWindow } from '../layouts.ts';

/** A layer being converted to PyTorch code. In the code, images are [batch, channels, height, width]. */
export interface Written<T extends LayerType> {
  layer: CompiledNode<T>;
  /** Input variables in the code. */
  inputs: readonly string[];
  tensors: Readonly<Record<string, Float32Array>>;
  /** Adds a module, with its tensors by PyTorch's names. @returns the expression that calls it. */
  module(call: string, tensors: ModuleTensors, suffix?: string): string;
}

export type ModuleTensors = Record<string, { shape: readonly number[]; data: Float32Array }>;

type Write<T extends LayerType> = (written: Written<T>) => string;
type Any = Written<LayerType>;
const any = <T extends LayerType>(written: Written<T>) => written as unknown as Any;

const isImage = (shape: readonly number[]) => shape.length === 3;
export const python = (value: boolean): string => (value ? 'True' : 'False');
const tuple = (values: readonly number[]) => `(${values.join(', ')})`;

const passOn = ({ inputs }: { inputs: readonly string[] }) => inputs[0]!;
const channelsLast = (x: string) => `${x}.permute(0, 2, 3, 1)`;
const channelsFirst = (x: string) => `${x}.permute(0, 3, 1, 2)`;

/** The input of a window, padded on each side as the window requires. */
function padded(layer: Parameters<typeof sidesOfWindow>[0], x: string, value?: string): string {
  const { top, bottom, left, right } = sidesOfWindow(layer);
  if (top + bottom + left + right === 0) return x;
  return `F.pad(${x}, ${tuple([left, right, top, bottom])}${value ? `, value=${value}` : ''})`;
}

/** Permutes a kernel [height, width, in, out] to PyTorch's axis order. */
function moved({ layer, tensors }: Any, name: string, order: readonly number[]) {
  const { shape } = layer.weights.find((spec) => spec.name === name)!;
  return permuted(tensors[name]!, shape, order);
}

const vector = (data: Float32Array) => ({ shape: [data.length], data });
const bias = ({ tensors }: Any): ModuleTensors => (tensors.bias ? { bias: vector(tensors.bias) } : {});

interface Convolution {
  window: readonly number[];
  strides: readonly number[];
  dilation: readonly number[];
}

const convolutionOptions = ({ window, strides, dilation }: Convolution, groups: number, hasBias: boolean) =>
  [
    `kernel_size=${tuple(window)}`,
    `stride=${tuple(strides)}`,
    ...(Math.max(...dilation) > 1 ? [`dilation=${tuple(dilation)}`] : []),
    ...(groups > 1 ? [`groups=${groups}`] : []),
    ...(hasBias ? [] : ['bias=False']),
  ].join(', ');

/** The depthwise kernel: [channels * multiplier, 1, height, width]. */
function depthwiseWeight(written: Any) {
  const { shape, data } = moved(written, 'depthwiseKernel', [2, 3, 0, 1]);
  return { shape: [shape[0]! * shape[1]!, 1, shape[2]!, shape[3]!], data };
}

const filled = (length: number, value: number) => new Float32Array(length).fill(value);

/** weight and bias of a normalization; PyTorch has both or neither. */
const gammaAndBeta = ({ tensors }: Any, shape: readonly number[]): ModuleTensors => {
  const { gamma, beta } = tensors;
  if (!gamma && !beta) return {};
  const length = product(shape);
  return {
    weight: { shape, data: gamma ?? filled(length, 1) },
    bias: { shape, data: beta ?? filled(length, 0) },
  };
};

function reshaped({ layer, inputs }: Any): string {
  const { inputShape: from, outputShape: to } = layer;
  let x = inputs[0]!;
  if (from.join() === to.join()) return x;
  // Flatten in the order [height, width, channels].
  if (isImage(from)) x = channelsLast(x);
  x = `${x}.reshape(-1, ${to.join(', ')})`;
  return isImage(to) ? channelsFirst(x) : x;
}

const chain = (name: string) => (written: Any) => written.inputs.reduce((a, b) => `torch.${name}(${a}, ${b})`);

export const writers: { [T in LayerType]: Write<T> } = {
  conv2d(written) {
    const { layer, inputs, module } = written;
    const { filters, groups, useBias } = layer.config;
    const call = module(
      `nn.Conv2d(${layer.inputShape[2]}, ${filters}, ${convolutionOptions(layer.details, groups, useBias)})`,
      { weight: moved(any(written), 'kernel', [3, 2, 0, 1]), ...bias(any(written)) },
    );
    return `${call}(${padded(layer, inputs[0]!)})`;
  },
  depthwiseConv2d(written) {
    const { layer, inputs, module } = written;
    const channels = layer.inputShape[2]!;
    const options = convolutionOptions(layer.details, channels, layer.config.useBias);
    const call = module(`nn.Conv2d(${channels}, ${layer.outputShape[2]}, ${options})`, {
      weight: depthwiseWeight(any(written)),
      ...bias(any(written)),
    });
    return `${call}(${padded(layer, inputs[0]!)})`;
  },
  separableConv2d(written) {
    const { layer, inputs, module } = written;
    const channels = layer.inputShape[2]!;
    const { between } = layer.details;
    const depthwise = module(
      `nn.Conv2d(${channels}, ${between}, ${convolutionOptions(layer.details, channels, false)})`,
      { weight: depthwiseWeight(any(written)) },
      '_depthwise',
    );
    const pointwise = module(
      `nn.Conv2d(${between}, ${layer.config.filters}, kernel_size=(1, 1), bias=${python(layer.config.useBias)})`,
      { weight: moved(any(written), 'pointwiseKernel', [3, 2, 0, 1]), ...bias(any(written)) },
      '_pointwise',
    );
    return `${pointwise}(${depthwise}(${padded(layer, inputs[0]!)}))`;
  },
  conv2dTranspose(written) {
    const { layer, inputs, module } = written;
    const { cut, added } = transposeWindow(layer);
    const [height, width, filters] = layer.outputShape as [number, number, number];
    const options = [
      convolutionOptions(layer.details, 1, layer.config.useBias),
      ...(Math.max(...added) > 0 ? [`output_padding=${tuple(added)}`] : []),
    ].join(', ');
    const call = module(`nn.ConvTranspose2d(${layer.inputShape[2]}, ${filters}, ${options})`, {
      weight: moved(any(written), 'kernel', [3, 2, 0, 1]),
      ...bias(any(written)),
    });
    const whole = `${call}(${inputs[0]})`;
    if (cut.top + cut.bottom + cut.left + cut.right === 0) return whole;
    return `${whole}[:, :, ${cut.top}:${cut.top + height}, ${cut.left}:${cut.left + width}]`;
  },
  dense(written) {
    const { layer, inputs, module } = written;
    const { units, useBias } = layer.config;
    const call = module(`nn.Linear(${layer.inputShape[0]}, ${units}${useBias ? '' : ', bias=False'})`, {
      weight: moved(any(written), 'kernel', [1, 0]),
      ...bias(any(written)),
    });
    return `${call}(${inputs[0]})`;
  },
  maxPooling2d: ({ layer, inputs }) =>
    `F.max_pool2d(${padded(layer, inputs[0]!, '-float("inf")')}, ${tuple(layer.details.window)}, ${tuple(layer.details.strides)})`,
  averagePooling2d({ layer, inputs }) {
    const pool = (x: string) =>
      `F.avg_pool2d(${padded(layer, x)}, ${tuple(layer.details.window)}, ${tuple(layer.details.strides)})`;
    const [x] = inputs as [string];
    // Padding is excluded: divide the mean over the window by the fraction of the window inside the image.
    return padded(layer, x) === x ? pool(x) : `${pool(x)} / ${pool(`torch.ones_like(${x})`)}`;
  },
  globalAveragePooling2d: ({ layer, inputs }) =>
    `${inputs[0]}.mean(dim=(2, 3), keepdim=${python(isImage(layer.outputShape))})`,
  globalMaxPooling2d: ({ layer, inputs }) =>
    `${inputs[0]}.amax(dim=(2, 3), keepdim=${python(isImage(layer.outputShape))})`,
  batchNormalization(written) {
    const { layer, inputs, module, tensors } = written;
    const { inputShape, config } = layer;
    const channels = inputShape.at(-1)!;
    const own = gammaAndBeta(any(written), [channels]);
    const affine = own.weight ? '' : ', affine=False';
    const call = module(
      // PyTorch's momentum is the weight of the new value.
      `nn.BatchNorm${isImage(inputShape) ? 2 : 1}d(${channels}, eps=${config.epsilon}, momentum=${Number((1 - config.momentum).toPrecision(12))}${affine})`,
      { ...own, running_mean: vector(tensors.movingMean!), running_var: vector(tensors.movingVariance!) },
    );
    return `${call}(${inputs[0]})`;
  },
  layerNormalization(written) {
    const { layer, inputs, module } = written;
    const { inputShape, details, config } = layer;
    let axis = inputShape.length;
    let covered = 1;
    do covered *= inputShape[--axis]!;
    while (covered < details.size);
    const shape = inputShape.slice(axis);
    const own = gammaAndBeta(any(written), shape);
    const affine = own.weight ? '' : ', elementwise_affine=False';
    const call = module(`nn.LayerNorm([${shape.join(', ')}], eps=${config.epsilon}${affine})`, own);
    return isImage(inputShape) ? channelsFirst(`${call}(${channelsLast(inputs[0]!)})`) : `${call}(${inputs[0]})`;
  },
  groupNormalization(written) {
    const { layer, inputs, module } = written;
    const channels = layer.inputShape.at(-1)!;
    const own = gammaAndBeta(any(written), [channels]);
    const affine = own.weight ? '' : ', affine=False';
    const { groups } = layer.details;
    return `${module(`nn.GroupNorm(${groups}, ${channels}, eps=${layer.config.epsilon}${affine})`, own)}(${inputs[0]})`;
  },
  activation: passOn,
  dropout: ({ layer, inputs, module }) => `${module(`nn.Dropout(${layer.config.rate})`, {})}(${inputs[0]})`,
  spatialDropout2d: ({ layer, inputs, module }) => `${module(`nn.Dropout2d(${layer.config.rate})`, {})}(${inputs[0]})`,
  gaussianNoise: ({ layer, inputs }) =>
    `${inputs[0]} + ${layer.config.stddev} * torch.randn_like(${inputs[0]}) if self.training else ${inputs[0]}`,
  add: ({ inputs }) => inputs.join(' + '),
  multiply: ({ inputs }) => inputs.join(' * '),
  average: ({ inputs }) => `(${inputs.join(' + ')}) / ${inputs.length}`,
  maximum: (written) => chain('maximum')(any(written)),
  concatenate({ layer, inputs }) {
    const { axis } = layer.details;
    const dim = isImage(layer.outputShape) ? [2, 3, 1][axis - 1]! : axis;
    return `torch.cat([${inputs.join(', ')}], dim=${dim})`;
  },
  flatten: (written) => reshaped(any(written)),
  reshape: (written) => reshaped(any(written)),
  zeroPadding2d({ layer, inputs }) {
    const { top, bottom, left, right } = layer.details;
    return `F.pad(${inputs[0]}, ${tuple([left, right, top, bottom])})`;
  },
  cropping2d({ layer, inputs }) {
    const { top, left } = layer.details;
    const [height, width] = layer.outputShape as [number, number, number];
    return `${inputs[0]}[:, :, ${top}:${top + height}, ${left}:${left + width}]`;
  },
  upSampling2d({ layer, inputs }) {
    const { sizeY, sizeX } = layer.details;
    const mode = layer.config.interpolation === 'nearest' ? "'nearest'" : "'bilinear', align_corners=False";
    return `F.interpolate(${inputs[0]}, scale_factor=${tuple([sizeY, sizeX])}, mode=${mode})`;
  },
};

const activations: Record<ElementwiseName, (x: string, slope: number) => string> = {
  linear: (x) => x,
  relu: (x) => `F.relu(${x})`,
  tanh: (x) => `torch.tanh(${x})`,
  sigmoid: (x) => `torch.sigmoid(${x})`,
  relu6: (x) => `F.relu6(${x})`,
  leakyRelu: (x, slope) => `F.leaky_relu(${x}, ${slope})`,
  elu: (x) => `F.elu(${x})`,
  selu: (x) => `F.selu(${x})`,
  gelu: (x) => `F.gelu(${x})`,
  silu: (x) => `F.silu(${x})`,
  softplus: (x) => `F.softplus(${x})`,
  softsign: (x) => `F.softsign(${x})`,
  hardSigmoid: (x) => `F.hardsigmoid(${x})`,
  hardSwish: (x) => `F.hardswish(${x})`,
  mish: (x) => `F.mish(${x})`,
  exponential: (x) => `torch.exp(${x})`,
};

export const writeActivation = (activation: ActivationSpec, x: string): string =>
  activations[activationName(activation)](
    x,
    typeof activation === 'string' ? defaultNegativeSlope : activation.negativeSlope,
  );
