import { describe, expect, test } from 'vitest';
import * as conv2d from '../../src/reference/conv2d.ts';
import * as transpose from '../../src/reference/conv2d_transpose.ts';
import * as depthwiseTwin from '../../src/reference/depthwise_conv2d.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { convolution, depthwise, transposed } from '../../src/selftest/kernels/shapes.ts';
import { type TorchConvolution, torchConv2d, torchDepthwise, torchTransposed } from '../fixtures/torch_convolutions.ts';

// Both are float64; the fixture has 13 digits.
const bound = 1e-11;

type Outputs = Record<'y' | 'dx' | 'dw' | 'db', ArrayLike<number>>;

function expectOutputs(ours: Outputs, theirs: TorchConvolution<unknown>): void {
  for (const name of ['y', 'dx', 'dw', 'db'] as const) expectWithin(name, ours[name], theirs[name], bound);
}

describe('conv2d with groups and dilation compared with PyTorch', () => {
  test.each(torchConv2d)('%s', (_, torch) => {
    const shape = convolution(torch.layer);
    expect([shape.outHeight, shape.outWidth]).toEqual(torch.outSize);
    const y = conv2d.conv2dForward(shape, torch);
    expectOutputs({ ...y, ...conv2d.conv2dBackwardX(shape, torch), ...conv2d.conv2dBackwardW(shape, torch) }, torch);
  });
});

describe('a depthwise convolution compared with PyTorch', () => {
  test.each(torchDepthwise)('%s', (_, torch) => {
    const shape = depthwise(torch.layer);
    expect([shape.outHeight, shape.outWidth]).toEqual(torch.outSize);
    const y = depthwiseTwin.depthwiseConv2dForward(shape, torch);
    const dx = depthwiseTwin.depthwiseConv2dBackwardX(shape, torch);
    expectOutputs({ ...y, ...dx, ...depthwiseTwin.depthwiseConv2dBackwardW(shape, torch) }, torch);
  });
});

describe('a transposed convolution compared with PyTorch', () => {
  test.each(torchTransposed)('%s', (_, torch) => {
    const shape = transposed(torch.layer);
    expect([shape.outHeight, shape.outWidth]).toEqual(torch.outSize);
    const y = transpose.conv2dTransposeForward(shape, torch);
    const dx = transpose.conv2dTransposeBackwardX(shape, torch);
    expectOutputs({ ...y, ...dx, ...transpose.conv2dTransposeBackwardW(shape, torch) }, torch);
  });
});
