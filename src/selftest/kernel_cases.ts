import type { Traits } from '../gpu/device.ts';
import { activationNames } from '../kernels/activation.ts';
import { lossTypes } from '../model/losses/index.ts';
import { fillOptimizer } from '../model/optimizer.ts';
import type { FilledOptimizerOf } from '../model/optimizers/index.ts';
import { checkAccumulateGradients, checkBeginMicroBatch } from './kernels/accumulation_checks.ts';
import { checkActivationBackward, checkActivationForward } from './kernels/activation_checks.ts';
import { arenaOf } from './kernels/arena.ts';
import { checkWeightAverage } from './kernels/average_checks.ts';
import {
  type BatchNormCase,
  checkBatchNormBackwardSums,
  checkBatchNormBackwardX,
  checkBatchNormCombine,
  checkBatchNormFold,
  checkBatchNormForward,
  checkBatchNormMove,
  checkBatchNormPend,
  checkBatchNormSettle,
  checkBatchNormStatistics,
} from './kernels/batch_norm_checks.ts';
import type { KernelCheck } from './kernels/check_kernel.ts';
import {
  checkBackwardW,
  checkBackwardWNarrow,
  checkBackwardX,
  checkForward,
  checkForwardNarrow,
  checkGroupedBackwardW,
  checkGroupedBackwardX,
  checkGroupedForward,
} from './kernels/conv2d_checks.ts';
import {
  checkTransposeBackwardW,
  checkTransposeBackwardWNarrow,
  checkTransposeBackwardX,
  checkTransposeForward,
} from './kernels/conv2d_transpose_checks.ts';
import {
  checkDenseBackwardW,
  checkDenseBackwardWNarrow,
  checkDenseBackwardX,
  checkDenseForward,
} from './kernels/dense_checks.ts';
import {
  checkDepthwiseBackwardW,
  checkDepthwiseBackwardX,
  checkDepthwiseForward,
} from './kernels/depthwise_conv2d_checks.ts';
import { checkDropoutBackward, checkDropoutForward, checkGaussianNoise } from './kernels/dropout_checks.ts';
import { checkEqualUnits } from './kernels/equal_units_checks.ts';
import { checkGatherRows } from './kernels/gather_checks.ts';
import {
  checkGroupNormBackwardSums,
  checkGroupNormBackwardX,
  checkGroupNormForward,
  checkLayerNormBackwardSums,
  checkLayerNormBackwardX,
  checkLayerNormForward,
  type GroupNormCase,
  type LayerNormCase,
} from './kernels/group_norm_checks.ts';
import { checkHealthReduce, checkLayerStatistics } from './kernels/health_checks.ts';
import { checkSoftmaxCrossEntropy } from './kernels/loss_checks.ts';
import { checkAdaptLossScale } from './kernels/loss_scale_checks.ts';
import { checkMaxPoolBackward, checkMaxPoolForward } from './kernels/max_pool_checks.ts';
import {
  checkMergeBackward,
  checkMergeForward,
  checkSumGradients,
  type MergeCase,
  mergeShape,
} from './kernels/merge_checks.ts';
import {
  checkMuon,
  checkMuonMomentum,
  checkNewtonSchulzApply,
  checkNewtonSchulzGram,
  checkNewtonSchulzPolynomial,
  checkNewtonSchulzProduct,
  checkNewtonSchulzScale,
} from './kernels/muon_checks.ts';
import { checkGradientNorm, checkGradientNormReduce, checkWeightPenalty } from './kernels/norm_checks.ts';
import { checkAdam, checkOptimizer, checkSgd } from './kernels/optimizer_checks.ts';
import { checkLoss } from './kernels/optioned_loss_checks.ts';
import { checkPictureBytes } from './kernels/picture_checks.ts';
import {
  checkAveragePoolBackward,
  checkAveragePoolForward,
  checkGlobalAveragePoolBackward,
  checkGlobalAveragePoolForward,
  checkGlobalMaxPoolBackward,
  checkGlobalMaxPoolForward,
} from './kernels/pool_checks.ts';
import {
  checkExponentHistogram,
  checkGradientProducts,
  checkGradientProductsReduce,
  checkSampleNorms,
} from './kernels/probe_checks.ts';
import {
  checkConcatenateBackward,
  checkConcatenateForward,
  checkCropping2d,
  checkUpSampling2dBackward,
  checkUpSampling2dForward,
  checkZeroPadding2d,
} from './kernels/reshaping_checks.ts';
import {
  type Convolution,
  convolution,
  type DepthwiseConvolution,
  depthwise,
  plain,
  pool,
  type TransposedConvolution,
  transposed,
} from './kernels/shapes.ts';
import { stateOf } from './kernels/state_words.ts';
import { checkBeginStep, checkScheduledStep, checkSumParts } from './kernels/step_checks.ts';
import { variantCases } from './kernels/variant_checks.ts';

/** A kernel with its twin at one shape, whatever the type of the shape. */
export type KernelCase = KernelCheck<object>;

const any = <S extends object>(check: KernelCheck<S>): KernelCase => check as unknown as KernelCase;

/** The tables of matrices depend on the adapter. */
const software = { software: true, subgroupSize: 4 };

const image: Convolution = {
  ...plain,
  batch: 2,
  size: [6, 6],
  channels: 4,
  filters: 4,
  kernelSize: [3, 3],
};
const layer = {
  batch: 3,
  inputs: 8,
  outputs: 5,
  useBias: true,
  activation: 'relu',
  inActivation: 'tanh',
} as const;
const window = {
  batch: 1,
  size: [4, 5] as [number, number],
  poolSize: [2, 2],
  strides: [2, 2],
  padding: 'same',
} as const;
const loss = { batch: 3, classes: 4, count: 2, step: 1, record: { words: 8, slots: 2 }, scale: 2 };
const optionedLosses = lossTypes.flatMap((type) =>
  [false, true].map((soft) => ({
    ...loss,
    outputs: 4,
    loss: type,
    soft,
    weighted: soft,
    ...(soft && { penalties: 3 }),
  })),
);
const tensors = arenaOf([5, 300]);
const update = { tensors: [70, 5], learningRate: 0.1, scale: 1 };
const adam = { ...update, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, t: 3 };

const images = (departures: Partial<Convolution>[], common: Partial<Convolution> = {}) =>
  departures.map((departure) => convolution({ ...image, ...common, ...departure }));

/** Large enough for variants with several quads of channels per invocation. */
const wide: Partial<Convolution> = { batch: 8, channels: 32, filters: 32 };

const forwards: Partial<Convolution>[] = [
  { activation: 'relu' },
  { pooled: true, padding: 'same', activation: 'tanh' },
  { useBias: false, filters: 3, channels: 1, activation: 'sigmoid', dilation: [2, 1] },
];
const backwards: Partial<Convolution>[] = [
  { parts: 2 },
  { pooled: true },
  { padding: 'same', filters: 3, dilation: [1, 2] },
];
const groups: Partial<Convolution>[] = [
  { groups: 2, channels: 8, filters: 8, activation: 'relu', inActivation: 'relu' },
  { groups: 2, channels: 6, filters: 6, padding: 'same', useBias: false, activation: 'tanh', inActivation: 'tanh' },
  { groups: 4, channels: 4, filters: 4, strides: [2, 1], activation: 'sigmoid', inActivation: 'sigmoid' },
  { groups: 2, channels: 8, filters: 8, dilation: [2, 1] },
];
const transposes: TransposedConvolution[] = [
  { ...image, activation: 'relu', inActivation: 'relu', parts: 2 },
  { ...image, filters: 3, channels: 3, padding: 'same', strides: [2, 2], activation: 'tanh', inActivation: 'tanh' },
  { ...image, useBias: false, activation: 'sigmoid', inActivation: 'sigmoid', dilation: [2, 2] },
  { ...image, channels: 3 },
  { ...image, ...wide, size: [4, 4] },
];
const depthwises: DepthwiseConvolution[] = [
  { ...image, multiplier: 1, padding: 'same', activation: 'relu', inActivation: 'relu', parts: 2 },
  { ...image, multiplier: 1, size: [6, 16], kernelSize: [3, 7], dilation: [2, 2], useBias: false },
  { ...image, multiplier: 3, channels: 3, strides: [2, 2], activation: 'tanh', inActivation: 'tanh' },
  { ...image, multiplier: 2, strides: [2, 2], activation: 'sigmoid', inActivation: 'sigmoid' },
];

const noBroadcast: MergeCase['broadcast'][number] = [false, false, false];
const merges: MergeCase[] = [
  { operation: 'add', batch: 2, size: [3, 3, 4], broadcast: [noBroadcast, noBroadcast] },
  { operation: 'multiply', batch: 2, size: [3, 3, 4], broadcast: [noBroadcast, [true, true, false], noBroadcast] },
  { operation: 'average', batch: 2, size: [3, 3, 3], broadcast: Array(4).fill(noBroadcast) },
  { operation: 'maximum', batch: 3, size: [3, 3, 4], broadcast: [...Array(3).fill(noBroadcast), [false, false, true]] },
];
const border = { batch: 2, height: 3, width: 2, top: 1, bottom: 0, left: 2, right: 1 };
const enlarged = { batch: 2, height: 3, width: 2, sizeY: 2, sizeX: 3 };

const norm = {
  count: 3,
  chunks: 2,
  epsilon: 1e-3,
  scale: true,
  center: true,
  residual: false,
  activation: 'relu',
  inActivation: 'linear',
  keepsStatistics: true,
} as const;
const normBatch: BatchNormCase = { ...norm, batch: 3, pixels: 5, channels: 4, frozen: false, useBias: true };
const normGroup: GroupNormCase = { ...norm, instances: 3, instancesPerSample: 1, pixels: 5, channels: 8, groups: 2 };
const normLayer: LayerNormCase = { ...norm, batch: 3, rows: 2, size: 8 };
const normForwards = [
  {},
  { scale: false, center: false, residual: true, keepsStatistics: false, activation: 'tanh' },
  { activation: 'sigmoid' },
] as const;
const normBackwards = [
  {},
  { scale: false, frozen: true },
  ...(['relu', 'tanh', 'sigmoid'] as const).map((inActivation) => ({ inActivation })),
];
const normKernels = [
  // Covers loads of one channel at a time, and of four.
  ...[3, 4].flatMap((channels) => [
    ...[checkBatchNormStatistics, checkBatchNormCombine, checkBatchNormBackwardSums].map((check) =>
      any(check({ ...normBatch, channels }) as KernelCheck<object>),
    ),
    ...normForwards.map((options) => any(checkBatchNormForward({ ...normBatch, channels, ...options }))),
    ...normBackwards.map((options) => any(checkBatchNormBackwardX({ ...normBatch, channels, ...options }))),
    ...[true, false].map((on) =>
      any(checkBatchNormFold({ ...normBatch, channels, useBias: on, scale: on, center: on })),
    ),
    ...normForwards.map((options) => any(checkGroupNormForward({ ...normGroup, channels: 2 * channels, ...options }))),
    ...normBackwards.map((options) =>
      any(checkGroupNormBackwardX({ ...normGroup, channels: 2 * channels, ...options })),
    ),
    ...[1, 5].map((pixels) => any(checkGroupNormBackwardSums({ ...normGroup, channels: 2 * channels, pixels }))),
  ]),
  any(checkBatchNormMove({ layers: [5, 300], momenta: [0.99, 0.9] })),
  any(checkBatchNormPend({ layers: [5, 300], momenta: [0.99, 0.9], first: true })),
  any(checkBatchNormPend({ layers: [5, 300], momenta: [0.99, 0.9], first: false })),
  any(checkBatchNormSettle({ layers: [5, 300], momenta: [0.99, 0.9] })),
  any(checkLayerNormForward(normLayer)),
  any(checkLayerNormBackwardX(normLayer)),
  any(checkLayerNormBackwardSums(normLayer)),
];

/**
 * Every kernel of a training step and of a probe, in as few shapes as cover each branch of its text both ways.
 * `loadFurtherTraining` must be awaited first.
 */
export const kernelCases = (traits: Pick<Traits, 'subgroupMatrix'> = {}): KernelCase[] => [
  ...images([...forwards, wide]).map((s) => any(checkForward(s))),
  ...images(forwards, { channels: 1 }).map((s) => any(checkForwardNarrow(s))),
  ...images([...backwards, wide]).map((s) => any(checkBackwardW(s))),
  ...images(backwards, { channels: 3 }).map((s) => any(checkBackwardWNarrow(s))),
  ...images([
    { inActivation: 'relu' },
    { inActivation: 'tanh', channels: 3, strides: [2, 1] },
    { inActivation: 'sigmoid', filters: 3, dilation: [2, 2] },
    {},
    { ...wide, inActivation: 'relu' },
  ]).map((s) => any(checkBackwardX(s))),
  ...transposes
    .map(transposed)
    .flatMap((s) => [
      any(checkTransposeForward(s)),
      any(checkTransposeBackwardX(s)),
      ...(s.outChannels % 4 === 0 ? [any(checkTransposeBackwardW(s))] : []),
      any(checkTransposeBackwardWNarrow(s)),
    ]),
  ...images(groups).flatMap((s) => [
    any(checkGroupedForward(s)),
    any(checkGroupedBackwardX(s)),
    any(checkGroupedBackwardW(s)),
  ]),
  ...variantCases(traits).map(any),
  ...depthwises
    .map(depthwise)
    .flatMap((s) => [any(checkDepthwiseForward(s)), any(checkDepthwiseBackwardX(s)), any(checkDepthwiseBackwardW(s))]),
  any(checkDenseForward(layer)),
  any(checkDenseBackwardW(layer)),
  any(checkDenseBackwardWNarrow(layer)),
  any(checkDenseBackwardX(layer)),
  ...activationNames.flatMap((activation, i) => {
    const shape = { elements: i % 2 ? 10 : 12, activation };
    return [any(checkActivationForward(shape)), any(checkActivationBackward(shape))];
  }),
  ...[3, 4].flatMap((channels) => {
    const shape = pool({ ...window, poolSize: [2, 2], strides: [2, 2], channels });
    return [any(checkMaxPoolForward(shape)), any(checkMaxPoolBackward(shape))];
  }),
  any(checkMaxPoolBackward(pool({ ...window, size: [4, 6], poolSize: [2, 2], strides: [2, 2], channels: 4 }))),
  ...merges.flatMap((it) => [
    any(checkMergeForward(mergeShape(it))),
    ...it.broadcast.map((_, input) => any(checkMergeBackward({ ...mergeShape(it), input }))),
  ]),
  ...[[true], [false, true], [true, false, true], [false, false, true, true]].map((pending, i) =>
    any(checkSumGradients({ elements: 8 + i, pending, activation: i === 1 ? 'linear' : 'tanh' })),
  ),
  ...[3, 4].flatMap((channels) => {
    const inActivation = channels === 3 ? ('tanh' as const) : ('linear' as const);
    const shape = { ...pool({ ...window, poolSize: [2, 2], strides: [2, 2], channels }), inActivation };
    const globalShape = { batch: 2, pixels: 20, channels, inActivation };
    return [
      any(checkAveragePoolForward(shape)),
      any(checkAveragePoolBackward(shape)),
      any(checkGlobalAveragePoolForward(globalShape)),
      any(checkGlobalAveragePoolBackward(globalShape)),
      any(checkGlobalMaxPoolForward(globalShape)),
      any(checkGlobalMaxPoolBackward(globalShape)),
    ];
  }),
  ...[
    { elements: 18, spatialChannels: undefined },
    { elements: 18, spatialChannels: 6 },
    { elements: 24, spatialChannels: 8 },
  ].flatMap((elements) => {
    const shape = { batch: 4, layer: 3, rate: 0.5, ...elements };
    return [any(checkDropoutForward(shape)), any(checkDropoutBackward(shape))];
  }),
  ...[10, 12].map((elements) => any(checkGaussianNoise({ batch: 2, elements, layer: 1, standardDeviation: 0.5 }))),
  ...[4, 5].flatMap((run) => {
    const shape = { runs: 3, run, total: 12, offset: 4 };
    return [any(checkConcatenateForward(shape)), any(checkConcatenateBackward(shape))];
  }),
  ...[3, 4].flatMap((channels) => [
    any(checkZeroPadding2d({ ...border, channels })),
    any(checkCropping2d({ ...border, channels })),
  ]),
  ...(['nearest', 'bilinear'] as const).flatMap((interpolation, i) => {
    const shape = { ...enlarged, interpolation, channels: 3 + i };
    return [any(checkUpSampling2dForward(shape)), any(checkUpSampling2dBackward(shape))];
  }),
  ...[false, true].map((soft) => any(checkSoftmaxCrossEntropy({ ...loss, soft }))),
  any(checkSoftmaxCrossEntropy({ ...loss, soft: false, penalties: 3 })),
  ...optionedLosses.map((loss) => any(checkLoss(loss))),
  any(checkGatherRows({ slots: 9, rows: 5, width: 3 })),
  ...([1, 3] as const).map((channels) => any(checkPictureBytes({ batch: 3, height: 5, width: 7, channels }))),
  ...[6, 0].map((biases) => any(checkSumParts({ parts: 3, weights: 70, biases }))),
  any(checkGradientNorm(tensors)),
  any(checkGradientNorm(tensors, Float32Array.of(0, 0.1, 0.3, 0.2))),
  any(checkWeightPenalty(tensors, Float32Array.of(0, 0.1, 0.3, 0.2))),
  any(checkGradientNormReduce(tensors, { state: stateOf({ step: 1 }), loss: 1 })),
  any(checkGradientNormReduce(tensors, { state: stateOf({ step: 1 }), loss: 1, isScheduled: true })),
  ...(['norm', 'globalNorm'] as const).map((by) =>
    any(checkGradientNormReduce(tensors, { state: stateOf({ step: 1 }), loss: 1, clip: { by, most: 2 } })),
  ),
  any(
    checkLayerStatistics({
      batch: 4,
      count: 3,
      tensors: [
        { pixels: 9, channels: 8, activation: 'relu' },
        { pixels: 1, channels: 10, activation: 'tanh' },
        { pixels: 9, channels: 8, gradient: true },
        { pixels: 1, channels: 10, gradient: true },
      ],
    }),
  ),
  any(
    checkEqualUnits({
      layers: [
        { rows: 9, units: 12, kind: (unit) => unit >> 1 },
        { rows: 4, units: 7 },
      ],
    }),
  ),
  any(checkHealthReduce({ layers: [{ values: 3, deltas: 2, units: 40 }], tensors: [3, 1] })),
  any(checkBeginStep(4, { position: 2, samples: 5 })),
  any(
    checkScheduledStep(
      { samples: 5, updates: 3 },
      {
        numbers: {
          type: 'exponentialDecay',
          parameters: { initial: 0.5, decay_steps: 4, log2_decay_rate: -1, staircase: 0 },
        },
        begin: 1,
      },
      0.5 * 2 ** -0.5,
    ),
  ),
  ...[false, true].map((measured) => any(checkAdam({ ...adam, measured }))),
  any(checkAdam({ ...adam, measured: false, weightDecay: 0.5, clip: { by: 'norm', most: 1 } })),
  any(checkAdam({ ...adam, measured: false, clip: { by: 'value', most: 0.3 } })),
  ...[0, 0.9].flatMap((momentum) =>
    [false, true].map((flag) => any(checkSgd({ ...update, momentum, nesterov: flag, measured: !flag }))),
  ),
  any(
    checkSgd({
      ...update,
      momentum: 0,
      nesterov: false,
      measured: false,
      weightDecay: 0.5,
      clip: { by: 'norm', most: 1 },
    }),
  ),
  any(checkSgd({ ...update, momentum: 0, nesterov: false, measured: false, clip: { by: 'value', most: 0.3 } })),
  ...(['finite', 'overflow'] as const).map((step) =>
    any(checkAdaptLossScale({ before: { scale: 2 ** 15, good: 2 }, step })),
  ),
  any(checkBeginMicroBatch(4, { position: 2, samples: 5 })),
  ...(['first', 'middle', 'last'] as const).map((place) =>
    any(checkAccumulateGradients({ tensors: [70, 5], place, own: 3, count: 7, fractional: place === 'middle' })),
  ),
  any(checkWeightAverage({ tensors: [70, 5], momentum: 0.9, t: 3 })),
  any(checkWeightAverage({ tensors: [70, 5], momentum: 0.9, t: 3, overwriteEvery: 3 })),
  // Combines every optimizer slot with the other optional bindings, in at most eight storage buffers.
  ...(
    [
      { type: 'adam', amsgrad: true },
      'nadam',
      'adamax',
      'rmsprop',
      { type: 'rmsprop', momentum: 0.9, centered: true },
      'adagrad',
      'lion',
    ] as const
  ).map((optimizer) =>
    any(
      checkOptimizer({
        ...update,
        optimizer: fillOptimizer(optimizer),
        t: 3,
        measured: true,
        weightDecay: 0.5,
        clip: { by: 'norm', most: 1 },
      }),
    ),
  ),
  ...([undefined, { by: 'norm', most: 1 }, { by: 'value', most: 0.3 }] as const).map((clip, i) =>
    any(checkMuonMomentum({ tensors: [[7, 3], 5], momentum: 0.9, nesterov: i === 0, clip }, software)),
  ),
  any(checkNewtonSchulzGram([[7, 3], 5], software)),
  any(checkNewtonSchulzPolynomial([[7, 3], 5], software)),
  ...[true, false].map((normalizes) => any(checkNewtonSchulzScale([[7, 3], 5], normalizes, software))),
  ...(
    [{ of: 'first', second: 'begins' }, { of: 'first', second: 'keeps' }, { of: 'second' }, { of: 'both' }] as const
  ).map((pair) => any(checkNewtonSchulzProduct([[7, 3], 5], pair, software))),
  ...(['second', 'alone'] as const).map((q) =>
    any(checkNewtonSchulzApply([[7, 3], 5], { last: q === 'second', scaled: q === 'second', q }, software)),
  ),
  ...(
    [
      [{}, { measured: true, weightDecay: 0.5, clip: { by: 'norm', most: 1 } }],
      [{ others: 'sgd' }, { measured: false, clip: { by: 'value', most: 0.3 } }],
      [
        { others: 'sgd', nesterov: false },
        { measured: true, tensors: [70, 5] },
      ],
    ] as const
  ).map(([options, departure]) => {
    const optimizer = fillOptimizer({ type: 'muon', ...options }) as FilledOptimizerOf<'muon'>;
    return any(checkMuon({ ...update, tensors: [[7, 3], 5], t: 3, optimizer, ...departure }, software));
  }),
  any(checkExponentHistogram(tensors)),
  any(checkGradientProducts(tensors, tensors)),
  any(checkGradientProductsReduce(tensors)),
  any(checkSampleNorms({ batch: 4, inputs: 7, outputs: 3, useBias: true, count: 3, scale: 1 })),
  ...normKernels,
];
