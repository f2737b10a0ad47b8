import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { importModel } from '../../src/formats/import_model.ts';
import { GraphBuilder } from '../../src/formats/onnx/graph_builder.ts';
import { formatOnnx } from '../../src/formats/onnx/onnx.ts';
import { encodeOnnx, type OnnxValue } from '../../src/formats/onnx/protobuf.ts';
import type { TrainedModel } from '../../src/formats/trained_model.ts';
import { presetModel } from '../../src/index.ts';
import { graphs } from '../training/graph_models.ts';
import { largestDifference, madeImages, probabilitiesOf, trained, uniform } from './made_models.ts';
import { runOnnx } from './run_onnx.ts';
import { zoo } from './zoo.ts';

const imported = (bytes: Uint8Array, name = 'model.onnx') => importModel({ name, bytes }) as TrainedModel;

describe('exported models can be imported and give the same predictions', () => {
  test.each([...Object.entries(zoo), ['mobilenet-small', presetModel('mobilenet-small', [8, 8, 3], 5)] as const])(
    '%s',
    (_, model) => {
      const network = trained(model);
      const classNames = ['a', 'b', 'c'];
      const pictures = { fit: 'contain', levels: { from: 100, to: 4000 } } as const;
      const back = imported(formatOnnx({ ...network, classNames, rescale: 1 / 100, pictures }));
      expect(back).toMatchObject({ classNames, rescale: 1 / 100, pictures });
      expect(back.model.inputShape).toEqual(model.inputShape);
      const images = madeImages(model, 3);
      expect(largestDifference(probabilitiesOf(back, images), probabilitiesOf(network, images))).toBeLessThan(1e-5);
    },
  );

  test('random graphs', () => {
    for (const [i, model] of fc.sample(graphs, { numRuns: 20, seed: 14 }).entries()) {
      const network = trained(model, i);
      const images = madeImages(model, 2);
      const back = imported(formatOnnx(network));
      const off = largestDifference(probabilitiesOf(back, images), probabilitiesOf(network, images));
      expect(off, JSON.stringify(model)).toBeLessThan(1e-5);
    }
  });

  test('layers keep their names, and activations and biases are merged into their layers', () => {
    const { model } = imported(formatOnnx(trained(presetModel('tutorial', [8, 8, 1], 4))));
    expect(model.layers.map(({ name }) => name)).toEqual(expect.arrayContaining(['conv2d', 'dense']));
    expect(model.layers.length).toBeLessThanOrEqual(presetModel('tutorial', [8, 8, 1], 4).layers.length + 1);
  });
});

const exported: Record<string, string> = JSON.parse(
  readFileSync(new URL('../fixtures/onnx_exported.json', import.meta.url), 'utf8'),
);
const unknown = 'PyTorch, unknown operators';

/** A file with the nodes of a graph that maps `images`, of a shape without the batch, to a vector. */
function encoded({ nodes, initializers }: GraphBuilder, shape: number[], output: string): Uint8Array {
  const value = (name: string, sizes: OnnxValue['shape']): OnnxValue => ({
    ...{ name, type: 'float', shape: ['batch', ...sizes], about: '' },
  });
  return encodeOnnx({
    irVersion: 8,
    opset: 13,
    producer: 'test',
    about: '',
    metadata: {},
    graph: { name: 'test', nodes, initializers, input: value('images', shape), output: value(output, ['units']) },
  });
}

describe('files of other programs give the same predictions as onnxruntime', () => {
  test.each(Object.entries(exported).filter(([name]) => name !== unknown))('%s', async (name, text) => {
    const bytes = new Uint8Array(Buffer.from(text, 'base64'));
    const network = imported(bytes, name);
    const images = madeImages(network.model, 2);
    const isChannelsFirst = !name.startsWith('tf2onnx');
    const expected = await runOnnx(bytes, images, network.model, isChannelsFirst);
    expect(largestDifference(probabilitiesOf(network, images), expected)).toBeLessThan(1e-5);
    expect(network.model.layers.map(({ type, name }) => `${name} ${type}`)).toMatchSnapshot();
  });

  test('an image from a matrix product or a vector is sliced by rows and columns', async () => {
    const next = uniform(5);
    const random = (length: number) => Float32Array.from({ length }, () => next() - 0.5);
    const shape = [3, 4, 4];
    for (const [axis, begin, end, step] of [
      [2, 1, 3, 1],
      [3, 1, 4, 2],
    ]) {
      for (const isVector of [false, true]) {
        const graph = new GraphBuilder();
        const node = (operator: string, inputs: string[], attributes = {}) =>
          graph.node('', operator, inputs, attributes);
        const integers = (...values: number[]) => graph.integers('integers', values);
        const transposed = (x: string) => node('Transpose', [x], { perm: [0, 2, 1] });
        // [pixels, channels] times a matrix, or all numbers times one.
        const numbers = isVector
          ? node('MatMul', [node('Flatten', ['images']), graph.floats('matrix', [48, 36], random(48 * 36))])
          : transposed(
              node('MatMul', [
                transposed(node('Reshape', ['images', integers(0, 3, 16)])),
                graph.floats('matrix', [3, 5], random(15)),
              ]),
            );
        const image = node('Reshape', [numbers, isVector ? integers(0, 1, 6, 6) : integers(0, 5, 4, 4)]);
        const cut = [begin!, end!, axis!, step!].map((n) => integers(n));
        const output = node('Flatten', [node('Slice', [image, ...cut])]);
        const bytes = encoded(graph, shape, output);
        const network = imported(bytes);
        const images = madeImages(network.model, 2);
        const expected = await runOnnx(bytes, images, network.model, true);
        expect(largestDifference(probabilitiesOf(network, images), expected)).toBeLessThan(1e-5);
      }
    }
  });

  test.each<[string, { groups?: number; pads?: number[] }]>([
    ['of groups of channels', { groups: 2, pads: [2, 1, 0, 3] }],
    ['depthwise', { groups: 4, pads: [1, 1, 1, 1] }],
    ['without padding', {}],
  ])(
    'a convolution with strides and dilations, %s, is computed at every position and then subsampled',
    async (_, given) => {
      const next = uniform(6);
      const { groups = 1, ...attributes } = given;
      const graph = new GraphBuilder();
      const kernel = Float32Array.from({ length: (8 * 4 * 3 * 2) / groups }, () => next() - 0.5);
      const bias = Float32Array.from({ length: 8 }, () => next() - 0.5);
      const output = graph.node(
        '',
        'Conv',
        ['images', graph.floats('kernel', [8, 4 / groups, 3, 2], kernel), graph.floats('bias', [8], bias)],
        { group: groups, strides: [2, 3], dilations: [2, 1], ...attributes },
      );
      const bytes = encoded(graph, [4, 11, 12], graph.node('', 'Flatten', [output]));
      const network = imported(bytes);
      const images = madeImages(network.model, 2);
      const expected = await runOnnx(bytes, images, network.model, true);
      expect(largestDifference(probabilitiesOf(network, images), expected)).toBeLessThan(1e-5);
    },
  );

  test('all unsupported operators are named', () => {
    const bytes = new Uint8Array(Buffer.from(exported[unknown]!, 'base64'));
    expect(() => imported(bytes, 'a.onnx')).toThrow(
      /a\.onnx has operators that wgrad has no layer for: \S+ \(Sin\); \S+ \(Atan\)[\s\S]*CumSum[\s\S]*found: "3 of/,
    );
  });
});
