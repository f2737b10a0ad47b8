import { describe, expect, test } from 'vitest';
import {
  classesOption,
  describeModels,
  type LayerConfig,
  type Model,
  presetModel,
  withClasses,
} from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { reconnect } from '../../src/model/reconnect.ts';

/** The inputs of each layer, by name. */
const inputsOf = (layers: readonly LayerConfig[], inputShape: Model['inputShape'] = [8, 8, 4]) => {
  const { layers: compiled } = compileModel({ inputShape, layers });
  return compiled.map(({ inputs }) => inputs.map((i) => compiled[i]?.name ?? 'input').join('+'));
};
const dense = (units: number): LayerConfig => ({ type: 'dense', units });
const conv = { type: 'conv2d', filters: 4, kernelSize: 3, padding: 'same' } as const;

describe('a model is edited as a list', () => {
  // input -> conv2d -> conv2d_1 -> add(conv2d_1, conv2d) -> flatten -> dense.
  const layers: LayerConfig[] = [conv, conv, { type: 'add', inputs: [-1, 'conv2d'] }, { type: 'flatten' }, dense(3)];

  test('as it stands', () => {
    expect(inputsOf(layers)).toEqual(['input', 'conv2d', 'conv2d_1+conv2d', 'add', 'flatten']);
  });

  test('a layer before the branch: names and distances follow', () => {
    const after = reconnect(layers, [conv, 0, 1, 2, 3, 4]);
    expect(inputsOf(after)).toEqual(['input', 'conv2d', 'conv2d_1', 'conv2d_2+conv2d_1', 'add', 'flatten']);
    expect(after[3]!.inputs).toEqual([-1, 'conv2d_1']);
  });

  test('a layer that is left out: what took it takes what it took', () => {
    expect(inputsOf(reconnect(layers, [1, 2, 3, 4]))).toEqual(['input', 'conv2d+input', 'add', 'flatten']);
    expect(inputsOf(reconnect(layers, [0, 2, 3, 4]))).toEqual(['input', 'conv2d+conv2d', 'add', 'flatten']);
  });

  test('a new layer names those of before', () => {
    const sum: LayerConfig = { type: 'add', inputs: ['add', 'conv2d'] };
    const after = reconnect(layers, [conv, 0, 1, 2, sum, 3, 4]);
    expect(inputsOf(after)[4]).toBe('add+conv2d_1');
  });

  test('a layer that moves takes its inputs along, also to before them', () => {
    const after = reconnect(layers, [0, 2, 1, 3, 4]);
    expect(after[1]!.inputs).toEqual(['conv2d_1', 'conv2d']);
  });

  test('an unknown name stays for the error', () => {
    expect(reconnect([{ type: 'add', inputs: ['nobody', -1] }], [conv, 0])[1]!.inputs).toEqual(['nobody', -2]);
  });

  test("every layer of resnet20 but the last can be left out or doubled, and the others' inputs stay theirs", () => {
    const { layers } = presetModel('resnet20', [32, 32, 3], 10);
    const noise: LayerConfig = { type: 'gaussianNoise', stddev: 0.1 };
    const before = inputsOf(layers, [32, 32, 3]);
    for (const at of [1, 12, 30, 47]) {
      const order = [...layers.keys()];
      // The noise layer has an explicit name, so that no other name changes.
      const after = inputsOf(reconnect(layers, [noise, ...order]), [32, 32, 3]);
      expect(after.slice(2)).toEqual(before.slice(1));
      expect(reconnect(layers, order)).toEqual(layers);
      expect(reconnect(layers, order.toSpliced(at, 1))).toHaveLength(layers.length - 1);
    }
  });
});

test.each<[string, LayerConfig[], ReturnType<typeof classesOption>]>([
  ['a dense softmax', [dense(5), { type: 'dense', units: 3, activation: 'softmax' }], { layer: 1, option: 'units' }],
  ['a softmax layer', [dense(5), { type: 'activation', activation: 'softmax' }], { layer: 0, option: 'units' }],
  ['a filter a class', [{ ...conv, activation: 'softmax' }], { layer: 0, option: 'filters' }],
  ['no softmax', [dense(5)], undefined],
  [
    'a softmax after what has no such option',
    [{ type: 'flatten' }, { type: 'activation', activation: 'softmax' }],
    undefined,
  ],
  ['an unknown layer', [{ type: 'dens', activation: 'softmax' } as never], undefined],
  ['nothing', [], undefined],
])('where the classes are said: %s', (_, layers, at) => {
  expect(classesOption(layers)).toEqual(at);
  const changed = withClasses(layers, 7);
  if (at) expect(changed[at.layer]).toEqual({ ...layers[at.layer], [at.option]: 7 });
  else expect(changed).toEqual(layers);
});

describe.each(describeModels().layers)('what a form knows of $type', ({ type, starter, leastInputs, options }) => {
  const inputShape = [8, 8, 4];

  test('it starts with a layer that is complete', () => {
    const before: LayerConfig[] = [conv, { ...conv, name: 'other' }];
    const inputs = leastInputs > 1 && { inputs: ['other', 'conv2d'] };
    const layer = { ...starter, ...inputs } as LayerConfig;
    const fits = [
      { inputShape, layers: [...before, layer] },
      { inputShape, layers: [...before, { type: 'flatten' }, layer] },
    ].some((model) => {
      try {
        return compileModel(model as unknown as Model).layers.length > 0;
      } catch {
        return false;
      }
    });
    expect(fits, type).toBe(true);
  });

  test('its name and its inputs can be given', () => {
    expect(options.map(({ name }) => name)).toEqual(expect.arrayContaining(['name', 'inputs']));
    expect(options.find(({ name }) => name === 'inputs')).toEqual({ name: 'inputs', kind: 'layers' });
  });
});
