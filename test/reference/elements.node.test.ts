import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { activationNames, isFused, type UnfusedActivation } from '../../src/kernels/activation.ts';
import type { AveragePoolShape } from '../../src/kernels/average_pool.ts';
import type { BorderShape } from '../../src/kernels/border.ts';
import { concatenateShapes } from '../../src/kernels/concatenate.ts';
import type { GlobalPoolShape } from '../../src/kernels/global_pool.ts';
import type { MergeInput, MergeShape } from '../../src/kernels/merge.ts';
import type { UpSampling2dShape } from '../../src/kernels/up_sampling.ts';
import { activate, derivative, derivativeFromInput } from '../../src/reference/activation.ts';
import { averagePoolBackward, averagePoolForward } from '../../src/reference/average_pool.ts';
import { cropping2d, zeroPadding2d } from '../../src/reference/border.ts';
import { concatenateBackward, concatenateForward } from '../../src/reference/concatenate.ts';
import * as globals from '../../src/reference/global_pool.ts';
import { mergeBackward, mergeForward } from '../../src/reference/merge.ts';
import { sumGradients } from '../../src/reference/sum_gradients.ts';
import { upSampling2dBackward, upSampling2dForward } from '../../src/reference/up_sampling.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import torch from '../fixtures/torch_elements.json';
import { dot, expectGradient, numbers } from './central_differences.ts';

// Compares the twins of elementwise and element-moving layers with PyTorch (float64, 15 digits) and TensorFlow.js (float32), and
// their gradients with central differences.
const bound = 1e-12;
const bound32 = 2e-6;

beforeAll(() => tf.setBackend('cpu'));

const volume = ([height, width, channels]: number[]): MergeInput => ({
  height: height!,
  width: width!,
  channels: channels!,
});

describe('activations', () => {
  const { z } = torch.activations;

  test.each(activationNames)('%s beside PyTorch', (name) => {
    const { y, slope } = torch.activations[name];
    const ours = z.map((value) => activate(name, value));
    // Where y rounds to the end of its range, its slope is lost: the price of keeping only y.
    const slopes = isFused(name)
      ? ours.map((value) => derivative(name, value))
      : z.map((x) => derivativeFromInput(name as UnfusedActivation, x));
    const bounds = y.map((value) => bound * Math.max(1, Math.abs(value)));
    expectWithin('y', ours, y, bounds);
    expectWithin('slope', slopes, slope, bounds);
  });

  test.each([
    ['relu6', tf.relu6],
    ['elu', tf.elu],
    ['selu', tf.selu],
    ['softplus', tf.softplus],
    ['leakyRelu', (x: tf.Tensor) => tf.leakyRelu(x, 0.2)],
    ['exponential', tf.exp],
    ['softsign', (x: tf.Tensor) => tfl.layers.activation({ activation: 'softsign' }).apply(x) as tf.Tensor],
    ['silu', (x: tf.Tensor) => tfl.layers.activation({ activation: 'swish' }).apply(x) as tf.Tensor],
  ] as const)('%s and its slope beside TensorFlow.js', (name, f) => {
    const x = tf.tensor1d(z.filter((value) => Math.abs(value) < 6));
    const y = f(x).dataSync();
    const slope = tf
      .grad((t) => tf.sum(f(t)))(x)
      .dataSync();
    const inputs = x.dataSync();
    const ours = Float64Array.from(inputs, (value) => activate(name, value));
    const slopes = isFused(name)
      ? ours.map((value) => derivative(name, value))
      : ours.map((_, i) => derivativeFromInput(name, inputs[i]!));
    const bounds = Float64Array.from(y, (value) => bound32 * Math.max(1, Math.abs(value)));
    expectWithin('y', y, ours, bounds);
    expectWithin('slope', slope, slopes, bounds);
  });
});

describe('merges', () => {
  test.each(torch.merges.map((it) => [`${it.shape.operation} of ${JSON.stringify(it.shape.inputs)}`, it] as const))(
    '%s beside PyTorch',
    (_, it) => {
      const shape: MergeShape = {
        operation: it.shape.operation as MergeShape['operation'],
        batch: it.shape.batch,
        ...volume(it.shape.size),
        inputs: it.shape.inputs.map(volume),
        activation: 'linear',
      };
      expectWithin('y', mergeForward(shape, it).y, it.y, bound);
      for (const [input, gradient] of it.gradients.entries()) {
        const { dx } = mergeBackward({ ...shape, input }, { dy: it.dy, inputs: it.inputs });
        expectWithin(`dx${input}`, dx, gradient, 10 * bound);
      }
    },
  );

  const layers = {
    add: () => tfl.layers.add(),
    multiply: () => tfl.layers.multiply(),
    average: () => tfl.layers.average(),
    maximum: () => tfl.layers.maximum(),
  };
  test.each(Object.entries(layers))('%s beside TensorFlow.js, ties included', (operation, layer) => {
    const whole = [2, 3, 4];
    // TensorFlow.js' maximum has no gradient for a broadcast input.
    const sizes = operation === 'maximum' ? [whole, whole, whole] : [whole, [1, 1, 4], [2, 3, 1]];
    const shape: MergeShape = {
      operation: operation as MergeShape['operation'],
      batch: 2,
      ...volume(whole),
      inputs: sizes.map(volume),
      activation: 'linear',
    };
    const inputs = sizes.map((size, i) =>
      numbers(2 * size.reduce((a, b) => a * b), i).map((u) => Math.round(3 * u) / 2),
    );
    const dy = numbers(2 * 2 * 3 * 4, 9).map((u) => Math.round(64 * u) / 64);
    const tensors = inputs.map((x, i) => tf.tensor([...x], [2, ...sizes[i]!]));
    const merged = (...xs: tf.Tensor[]) => layer().apply(xs) as tf.Tensor;
    expectWithin('y', mergeForward(shape, { inputs }).y, merged(...tensors).dataSync(), bound32);
    const weights = tf.tensor([...dy], [2, ...whole]);
    const gradients = tf.grads((...xs) => tf.sum(tf.mul(merged(...xs), weights)))(tensors);
    for (const [input, gradient] of gradients.entries()) {
      const { dx } = mergeBackward({ ...shape, input }, { dy, inputs });
      expectWithin(`dx${input}`, dx, gradient.dataSync(), 10 * bound32);
    }
  });

  test.each(['add', 'multiply', 'average', 'maximum'] as const)(
    '%s with an activation: gradients against central differences',
    (operation) => {
      const shape: MergeShape = {
        operation,
        batch: 2,
        ...volume([2, 2, 3]),
        inputs: [volume([2, 2, 3]), volume([1, 1, 3]), volume([2, 1, 1])],
        activation: 'tanh',
      };
      const inputs = shape.inputs.map(({ height, width, channels }, i) =>
        numbers(2 * height * width * channels, 20 + i),
      );
      const dy = numbers(24, 30);
      const { y } = mergeForward(shape, { inputs });
      const before = dy.map((g, i) => g * derivative('tanh', y[i]!));
      for (const [input, x] of inputs.entries()) {
        const { dx } = mergeBackward({ ...shape, input }, { dy: before, inputs });
        expectGradient(`x${input}`, () => dot(mergeForward(shape, { inputs }).y, dy), x, dx);
      }
    },
  );

  test('an average of six inputs is that of the sum of four of them and of the other two', () => {
    const inputs = [1, 2, 3, 4, 5, 6].map((seed) => numbers(12, seed));
    const image = volume([1, 4, 3]);
    const shape = { batch: 1, ...image, activation: 'linear' as const };
    const four = { ...shape, operation: 'add' as const, inputs: Array(4).fill(image) };
    const sum = mergeForward(four, { inputs: inputs.slice(0, 4) }).y;
    const rest: MergeShape = { ...shape, operation: 'average', inputs: Array(3).fill(image), averagedOver: 6 };
    const { y } = mergeForward(rest, { inputs: [sum, inputs[4]!, inputs[5]!] });
    const mean = y.map((_, i) => inputs.reduce((total, x) => total + x[i]!, 0) / 6);
    expectWithin('y', y, mean, 1e-15);
  });

  test('a gradient that was finished and two that were pending add up to that of the sum', () => {
    // z passes through an activation to two consumers, a product and a square, and directly to a third one, a product.
    const [z, a, b] = [1, 2, 3].map((seed) => numbers(20, seed)) as [Float64Array, Float64Array, Float64Array];
    const v = z.map((value) => activate('elu', value));
    const loss = () =>
      z.reduce((sum, value, i) => {
        const y = activate('elu', value);
        return sum + a[i]! * y + y * y + b[i]! * value;
      }, 0);
    const gradients = [a, v.map((y) => 2 * y), b];
    const shape = { elements: 20, pending: [true, true, false], activation: 'elu' as const };
    expectGradient('z', loss, z, sumGradients(shape, { gradients, v }).dy);
  });
});

describe('average pools', () => {
  const shapeOf = ({ x, poolSize, strides, padding, y }: (typeof torch.averagePools)[number]): AveragePoolShape => {
    const [batch, inHeight, inWidth, channels] = x as [number, number, number, number];
    const out = (length: number, i: number) => Math.floor((length + 2 * padding[i]! - poolSize[i]!) / strides[i]!) + 1;
    const shape = { batch, inHeight, inWidth, channels, outHeight: out(inHeight, 0), outWidth: out(inWidth, 1) };
    expect(batch * shape.outHeight * shape.outWidth * channels).toBe(y.length);
    return {
      ...shape,
      poolHeight: poolSize[0]!,
      poolWidth: poolSize[1]!,
      strideY: strides[0]!,
      strideX: strides[1]!,
      padTop: padding[0]!,
      padLeft: padding[1]!,
      inActivation: 'linear',
    };
  };

  test.each(torch.averagePools)('beside PyTorch: windows of $poolSize, strides of $strides', (it) => {
    const shape = shapeOf(it);
    expectWithin('y', averagePoolForward(shape, { x: it.inputs[0]! }).y, it.y, bound);
    expectWithin('dx', averagePoolBackward(shape, { dy: it.dy }).dx, it.gradients[0]!, bound);
  });

  // The padding differs between the two sides.
  const same: AveragePoolShape = {
    batch: 2,
    inHeight: 5,
    inWidth: 6,
    channels: 3,
    outHeight: 3,
    outWidth: 3,
    poolHeight: 2,
    poolWidth: 3,
    strideY: 2,
    strideX: 2,
    padTop: 0,
    padLeft: 0,
    inActivation: 'linear',
  };

  test('compared with TensorFlow.js: same padding', () => {
    const x = numbers(2 * 5 * 6 * 3, 1);
    const dy = numbers(2 * 3 * 3 * 3, 2);
    const layer = tfl.layers.averagePooling2d({ poolSize: [2, 3], strides: [2, 2], padding: 'same' });
    const tensor = tf.tensor([...x], [2, 5, 6, 3]);
    expectWithin('y', averagePoolForward(same, { x }).y, (layer.apply(tensor) as tf.Tensor).dataSync(), bound32);
    // The gradient of TensorFlow.js' CPU backend divides by the whole window including padding, which isn't the gradient of its
    // mean.
    expectGradient('x', () => dot(averagePoolForward(same, { x }).y, dy), x, averagePoolBackward(same, { dy }).dx);
  });

  test('through the activation that produced x: against central differences', () => {
    const z = numbers(2 * 5 * 6 * 3, 1);
    const dy = numbers(2 * 3 * 3 * 3, 2);
    const shape: AveragePoolShape = { ...same, inActivation: 'tanh' };
    const x = () => z.map(Math.tanh);
    const { dx } = averagePoolBackward(shape, { dy, x: x() });
    expectGradient('z', () => dot(averagePoolForward(shape, { x: x() }).y, dy), z, dx);
  });
});

describe('global pools', () => {
  const shape: GlobalPoolShape = { batch: 2, pixels: 15, channels: 4, inActivation: 'linear' };

  test('compared with PyTorch', () => {
    const average = torch.globalAverage;
    expectWithin('y', globals.globalAveragePoolForward(shape, { x: average.inputs[0]! }).y, average.y, bound);
    expectWithin('dx', globals.globalAveragePoolBackward(shape, average).dx, average.gradients[0]!, bound);
    const max = torch.globalMax;
    const { y, argmax } = globals.globalMaxPoolForward(shape, { x: max.inputs[0]! });
    expectWithin('y', y, max.y, 0);
    expectWithin('dx', globals.globalMaxPoolBackward(shape, { dy: max.dy, argmax }).dx, max.gradients[0]!, 0);
  });

  test('compared with TensorFlow.js', () => {
    const x = numbers(120, 3);
    const tensor = tf.tensor([...x], [2, 3, 5, 4]);
    const average = tfl.layers.globalAveragePooling2d({}).apply(tensor) as tf.Tensor;
    const max = tfl.layers.globalMaxPooling2d({}).apply(tensor) as tf.Tensor;
    expectWithin('average', globals.globalAveragePoolForward(shape, { x }).y, average.dataSync(), bound32);
    expectWithin('max', globals.globalMaxPoolForward(shape, { x }).y, max.dataSync(), bound32);
  });

  test('through the activation that produced x: against central differences', () => {
    const z = numbers(120, 4);
    const dy = numbers(8, 5);
    const tanhs: GlobalPoolShape = { ...shape, inActivation: 'tanh' };
    const x = () => z.map(Math.tanh);
    const { argmax } = globals.globalMaxPoolForward(tanhs, { x: x() });
    const average = globals.globalAveragePoolBackward(tanhs, { dy, x: x() }).dx;
    const max = globals.globalMaxPoolBackward(tanhs, { dy, argmax, x: x() }).dx;
    expectGradient('average', () => dot(globals.globalAveragePoolForward(tanhs, { x: x() }).y, dy), z, average);
    expectGradient('max', () => dot(globals.globalMaxPoolForward(tanhs, { x: x() }).y, dy), z, max);
  });

  test('of equal pixels the first counts', () => {
    const one: GlobalPoolShape = { batch: 1, pixels: 4, channels: 1, inActivation: 'linear' };
    expect(globals.globalMaxPoolForward(one, { x: [1, 7, 7, 2] }).argmax[0]).toBe(1);
    expect(globals.globalMaxPoolForward(one, { x: Array(4).fill(-Infinity) }).argmax[0]).toBe(0);
  });
});

describe('borders', () => {
  const padded: BorderShape = { batch: 2, height: 3, width: 5, channels: 4, top: 0, bottom: 2, left: 3, right: 1 };
  const cropped: BorderShape = { batch: 2, height: 1, width: 3, channels: 4, top: 1, bottom: 1, left: 2, right: 0 };

  test('compared with PyTorch, each the gradient of the other', () => {
    const { zeroPadding, cropping } = torch;
    expectWithin('y', zeroPadding2d(padded, { x: zeroPadding.inputs[0]! }).y, zeroPadding.y, 0);
    expectWithin('dx', cropping2d(padded, { x: zeroPadding.dy }).y, zeroPadding.gradients[0]!, 0);
    expectWithin('y', cropping2d(cropped, { x: cropping.inputs[0]! }).y, cropping.y, 0);
    expectWithin('dx', zeroPadding2d(cropped, { x: cropping.dy }).y, cropping.gradients[0]!, 0);
  });

  test('compared with TensorFlow.js', () => {
    const x = numbers(120, 6).map(Math.fround);
    const tensor = tf.tensor([...x], [2, 3, 5, 4]);
    const padding: [[number, number], [number, number]] = [
      [0, 2],
      [3, 1],
    ];
    const cropping: typeof padding = [
      [1, 1],
      [2, 0],
    ];
    const theirs = tfl.layers.zeroPadding2d({ padding }).apply(tensor) as tf.Tensor;
    expectWithin('padded', zeroPadding2d(padded, { x }).y, theirs.dataSync(), 0);
    const rest = tfl.layers.cropping2D({ cropping }).apply(tensor) as tf.Tensor;
    expectWithin('cropped', cropping2d(cropped, { x }).y, rest.dataSync(), 0);
  });
});

describe('upsampling', () => {
  const image = { batch: 2, height: 3, width: 4, channels: 2 };

  test.each(torch.upSamplings)('beside PyTorch: $interpolation by $size', (it) => {
    const [sizeY, sizeX] = it.size as [number, number];
    const interpolation = it.interpolation as UpSampling2dShape['interpolation'];
    const shape: UpSampling2dShape = { ...image, sizeY, sizeX, interpolation };
    expectWithin('y', upSampling2dForward(shape, { x: it.inputs[0]! }).y, it.y, bound);
    expectWithin('dx', upSampling2dBackward(shape, { dy: it.dy }).dx, it.gradients[0]!, 10 * bound);
  });

  test('compared with TensorFlow.js', () => {
    const x = numbers(48, 7);
    const tensor = tf.tensor4d([...x], [2, 3, 4, 2]);
    const shape = { ...image, sizeY: 2, sizeX: 3 };
    const nearest = tfl.layers.upSampling2d({ size: [2, 3] }).apply(tensor) as tf.Tensor;
    expectWithin(
      'nearest',
      upSampling2dForward({ ...shape, interpolation: 'nearest' }, { x }).y,
      nearest.dataSync(),
      bound32,
    );
    // TensorFlow.js' layer has no half-pixel centers; Keras 3's has them, and so has the function that it calls.
    const bilinear = tf.image.resizeBilinear(tensor, [6, 12], false, true);
    expectWithin(
      'bilinear',
      upSampling2dForward({ ...shape, interpolation: 'bilinear' }, { x }).y,
      bilinear.dataSync(),
      bound32,
    );
  });
});

describe('concatenations', () => {
  const sizes = {
    1: [
      [1, 2, 3],
      [2, 2, 3],
    ],
    2: [
      [2, 1, 3],
      [2, 3, 3],
    ],
    3: [
      [2, 2, 4],
      [2, 2, 1],
    ],
  } as const;
  test.each(torch.concatenations)('beside PyTorch: axis $axis', (it) => {
    const parts = concatenateShapes(2, sizes[it.axis as 1 | 2 | 3], it.axis);
    let y: ArrayLike<number> = new Float64Array(it.y.length).fill(Number.NaN);
    for (const [i, part] of parts.entries()) {
      y = concatenateForward(part, { x: it.inputs[i]!, y }).y;
      expectWithin(`dx${i}`, concatenateBackward(part, { dy: it.dy }).dx, it.gradients[i]!, 0);
    }
    expectWithin('y', y, it.y, 0);
  });

  test('compared with TensorFlow.js: the last axis', () => {
    const [a, b] = [numbers(16, 1).map(Math.fround), numbers(8, 2).map(Math.fround)] as const;
    const tensors = [tf.tensor([...a], [2, 2, 4]), tf.tensor([...b], [2, 2, 2])];
    const theirs = tfl.layers.concatenate().apply(tensors) as tf.Tensor;
    const [first, second] = concatenateShapes(
      2,
      [
        [2, 4],
        [2, 2],
      ],
      2,
    );
    const y = concatenateForward(second!, {
      x: b,
      y: concatenateForward(first!, { x: a, y: new Float64Array(24) }).y,
    }).y;
    expectWithin('y', y, theirs.dataSync(), 0);
  });
});
