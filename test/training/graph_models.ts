import fc from 'fast-check';
import type { LayerConfig, Model } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';

type Shape = [height: number, width: number, channels: number];

/**
 * One step of building a graph: which layer is added, and its inputs, as numbers that are taken modulo the number of candidates.
 */
interface Choice {
  kind: number;
  from: number;
  other: number;
  option: number;
}

const activations = ['linear', 'relu', 'tanh', 'sigmoid', 'elu', 'softplus', 'gelu', 'silu', 'relu6', 'selu'] as const;
const pick = <T>(list: readonly T[], n: number): T => list[n % list.length]!;

/**
 * Builds a graph from a list of choices. It maintains a list of images, the outputs of the layers so far, and takes inputs from any
 * of them. At the end, all unused outputs are reduced to vectors, added and passed to a softmax. Shared inputs, branches and merges
 * are therefore common, and no output is unused.
 */
function graphOf(
  inputShape: Shape,
  choices: readonly Choice[],
  classes: number,
  filterCounts: readonly number[],
): Model {
  const layers: LayerConfig[] = [];
  /** Shapes of the available inputs, by name. */
  const known = new Map<string, readonly number[]>([['input', inputShape]]);
  const add = (layer: object, shape: readonly number[]): string => {
    const name = `layer_${layers.length}`;
    layers.push({ ...layer, name } as LayerConfig);
    known.set(name, shape);
    return name;
  };
  for (const { kind, from, other, option } of choices) {
    const names = [...known.keys()];
    const input = pick(names, from);
    const shape = known.get(input)! as [number, number, number];
    const [height, width, channels] = shape;
    const second = names.filter((name) => known.get(name)!.join() === shape.join());
    const inputs = [input];
    const filters = pick(filterCounts, option);
    const activation = pick(activations, option);
    const trainable = option % 5 !== 4;
    const strides = option % 3 === 0 && height > 2 && width > 2 ? 2 : 1;
    const moved = [Math.ceil(height / strides), Math.ceil(width / strides)];
    switch (kind % 16) {
      case 0:
      case 1:
        add(
          {
            type: 'conv2d',
            inputs,
            filters,
            kernelSize: 1 + (other % 3),
            padding: 'same',
            strides,
            activation,
            trainable,
          },
          [...moved, filters],
        );
        break;
      case 2:
      case 3:
        add(
          { type: 'batchNormalization', inputs, scale: option % 4 !== 1, center: option % 4 !== 2, trainable },
          shape,
        );
        break;
      case 4: {
        const name = add({ type: 'batchNormalization', inputs, momentum: 0.9 }, shape);
        const sum = add({ type: 'add', inputs: [name, pick(second, other)] }, shape);
        add({ type: 'activation', inputs: [sum], activation }, shape);
        break;
      }
      case 5: {
        const both = [input, pick(second, other)];
        // Six inputs take more than one dispatch.
        const of = option % 3 === 2 ? [...both, input, ...both, input] : both;
        add({ type: pick(['add', 'multiply', 'average', 'maximum'], option), inputs: of }, shape);
        break;
      }
      case 6:
        add({ type: 'concatenate', inputs: [input, pick(second, other)] }, [height, width, 2 * channels]);
        break;
      case 7:
        add({ type: 'activation', inputs, activation }, shape);
        break;
      case 8:
        add({ type: pick(['dropout', 'spatialDropout2d'], option), inputs, rate: 0.3 }, shape);
        break;
      case 9:
        add({ type: pick(['averagePooling2d', 'maxPooling2d'], option), inputs, padding: 'same' }, [
          Math.ceil(height / 2),
          Math.ceil(width / 2),
          channels,
        ]);
        break;
      case 10:
        add({ type: 'depthwiseConv2d', inputs, kernelSize: 3, padding: 'same', strides, activation, trainable }, [
          ...moved,
          channels,
        ]);
        break;
      case 11:
        add({ type: 'layerNormalization', inputs, axis: option % 2 ? -1 : [1, 2, 3], trainable }, shape);
        break;
      case 12:
        add({ type: 'groupNormalization', inputs, groups: option % 2 ? 1 : -1 }, shape);
        break;
      case 13: {
        // A squeezed shortcut: [1, 1, channels] is broadcast.
        const squeezed = add({ type: 'globalAveragePooling2d', inputs, keepdims: true }, [1, 1, channels]);
        const gate = add(
          { type: 'conv2d', inputs: [squeezed], filters: channels, kernelSize: 1, activation: 'sigmoid' },
          [1, 1, channels],
        );
        add({ type: 'multiply', inputs: [input, gate] }, shape);
        break;
      }
      case 14:
        add({ type: 'separableConv2d', inputs, filters, kernelSize: 3, padding: 'same', activation }, [
          height,
          width,
          filters,
        ]);
        break;
      case 15:
        if (height < 5 && width < 5) {
          add({ type: 'conv2dTranspose', inputs, filters, kernelSize: 3, strides: 2, padding: 'same', activation }, [
            2 * height,
            2 * width,
            filters,
          ]);
        } else add({ type: 'cropping2d', inputs, cropping: 1 }, [height - 2, width - 2, channels]);
        break;
    }
  }
  const taken = new Set(layers.flatMap(({ inputs = [] }) => inputs));
  const ends = [...known.keys()].filter((name) => name !== 'input' && !taken.has(name));
  const vectors = (ends.length > 0 ? ends : ['input']).map((end, i) => {
    const pooled = add({ type: pick(['globalAveragePooling2d', 'globalMaxPooling2d'], i), inputs: [end] }, []);
    return add({ type: 'dense', inputs: [pooled], units: 5, activation: i % 2 ? 'tanh' : 'linear' }, [5]);
  });
  let last = vectors[0]!;
  for (const vector of vectors.slice(1)) last = add({ type: 'add', inputs: [last, vector] }, [5]);
  add({ type: 'dense', inputs: [last], units: classes, activation: 'softmax' }, [classes]);
  return { inputShape, layers };
}

const choice = fc.record({
  kind: fc.nat(15),
  from: fc.nat(30),
  other: fc.nat(30),
  option: fc.nat(60),
});

const graphsWith = (
  inputShape: fc.Arbitrary<Shape>,
  classes: fc.Arbitrary<number>,
  filterCounts: readonly number[],
): fc.Arbitrary<Model> =>
  fc
    .record({ inputShape, choices: fc.array(choice, { minLength: 1, maxLength: 7 }), classes })
    .map(({ inputShape, choices, classes }) => graphOf(inputShape, choices, classes, filterCounts))
    .filter((model) => {
      try {
        compileModel(model);
        return true;
      } catch {
        return false;
      }
    });

const size = fc.integer({ min: 2, max: 7 });

/** Small graphs with branches, merges, strides, normalizations, dropout, shared inputs and frozen layers. */
export const graphs = graphsWith(
  fc.tuple(size, size, fc.integer({ min: 1, max: 4 })),
  fc.integer({ min: 2, max: 5 }),
  [1, 2, 3, 4, 5, 6],
);

/**
 * The same with few shapes, for tests on a GPU, because each shape requires its own shaders, and compiling them takes most of the time. The
 * images are the smallest possible, narrow, and larger ones.
 */
export const graphsOfFewShapes = graphsWith(
  fc.constantFrom<Shape[]>([2, 3, 1], [7, 2, 3], [5, 6, 4]),
  fc.constantFrom(2, 5),
  [1, 3, 4, 6],
);

/** Batch sizes for them: one sample, and a number that no vector width divides. */
export const fewBatches = fc.constantFrom(1, 5);
