import type { Gpu } from '../gpu/device.ts';
import { compileModel, type Model } from '../model/graph.ts';
import { fillOptimizer } from '../model/optimizer.ts';
import { networkGradients, networkProbabilities } from '../reference/network.ts';
import { trainSteps } from '../reference/train.ts';
import { Trainer } from '../train/trainer.ts';
import { expectSame, expectWithin, largestShareOf } from './compare.ts';
import { numbers } from './numbers.ts';
import type { PlannedCheck } from './run_self_test.ts';
import { boundsOf } from './sensitivity.ts';

/** Convolutions, a normalization, a pool and a shortcut: layers whose kernels must work together. */
const network: Model = {
  inputShape: [8, 8, 3],
  layers: [
    { type: 'conv2d', filters: 8, kernelSize: 3, padding: 'same', activation: 'tanh', name: 'first' },
    { type: 'conv2d', filters: 8, kernelSize: 3, padding: 'same', useBias: false },
    { type: 'batchNormalization' },
    { type: 'add', inputs: [-1, 'first'] },
    { type: 'averagePooling2d' },
    { type: 'depthwiseConv2d', kernelSize: 3, activation: 'sigmoid' },
    { type: 'flatten' },
    { type: 'dense', units: 5, activation: 'softmax' },
  ],
};
const batch = 6;
const steps = 3;
const elements = 8 * 8 * 3;
const optimizer = { type: 'sgd', learningRate: 0.1, momentum: 0.9 } as const;

/** Trains a small network for a few steps against its float64 twin, and a second time, which must give identical bits. */
export function networkChecks(gpu: Gpu): PlannedCheck[] {
  const model = compileModel(network);
  const images = Float32Array.from(numbers(steps * batch * elements, 7));
  const labels = Uint8Array.from({ length: steps * batch }, (_, i) => (i * 7) % 5);
  const batchOf = (step: number, of: ArrayLike<number>) =>
    Float64Array.from({ length: batch * elements }, (_, i) => of[step * batch * elements + i]!);
  const labelsOf = (step: number) => labels.subarray(step * batch, (step + 1) * batch);
  /** Runs `work` with a new trainer whose initial weights are always the same. */
  const withTrainer = async <T>(work: (trainer: Trainer) => Promise<T>): Promise<T> => {
    const trainer = new Trainer(gpu, { model: network, optimizer, batchSize: batch, seed: 1 });
    try {
      return await work(trainer);
    } finally {
      trainer.dispose();
    }
  };
  const trained = () =>
    withTrainer(async (trainer) => {
      const first = await trainer.getWeights();
      for (let step = 0; step < steps; step++) {
        await trainer.trainOnBatch(Float32Array.from(batchOf(step, images)), labelsOf(step));
      }
      return { first, last: await trainer.getWeights() };
    });
  const compare = (
    given: readonly ArrayLike<number>[],
    twin: readonly ArrayLike<number>[],
    bounds: readonly number[],
  ) =>
    largestShareOf(() => {
      for (const [i, each] of given.entries()) expectWithin(`tensor ${i}`, each, twin[i]!, bounds[i]!);
    });
  const check = (name: string, run: () => Promise<number>): PlannedCheck => ({ name, variant: '', run });
  return [
    check('network: predictions', () =>
      withTrainer(async (trainer) => {
        const weights = await trainer.getWeights();
        const given = await trainer.predict(Float32Array.from(batchOf(0, images)));
        const twin = (w: ArrayLike<number>[], x: ArrayLike<number>) => [networkProbabilities(model, w, x)];
        const x = batchOf(0, images);
        return compare([given], twin(weights, x), boundsOf(twin, model, weights, x));
      }),
    ),
    check('network: gradients of a batch', () =>
      withTrainer(async (trainer) => {
        const weights = await trainer.getWeights();
        const x = batchOf(0, images);
        const { gradients } = await trainer.gradients(Float32Array.from(x), labelsOf(0));
        const twin = (w: ArrayLike<number>[], at: ArrayLike<number>) =>
          networkGradients(model, w, at, labelsOf(0)).gradients;
        return compare(gradients, twin(weights, x), boundsOf(twin, model, weights, x));
      }),
    ),
    check(`network: weights after ${steps} steps`, async () => {
      const { first, last } = await trained();
      const isTrained = model.tensors.map(({ spec }) => spec.trainable);
      const only = <T>(of: readonly T[]) => of.filter((_, i) => isTrained[i]);
      const filled = fillOptimizer(optimizer);
      const twin = (w: ArrayLike<number>[], x: ArrayLike<number>) =>
        trainSteps(filled, only(w), steps, (at, step) => {
          let next = 0;
          const all = w.map((given, i) => (isTrained[i] ? at[next++]! : given));
          return networkGradients(model, all, batchOf(step, x), labelsOf(step)).gradients;
        });
      return compare(only(last), twin(first, images), boundsOf(twin, model, first, images));
    }),
    check('network: the same bits once more', async () => {
      const [a, b] = [await trained(), await trained()];
      return largestShareOf(() => {
        for (const [i, tensor] of a.last.entries()) expectSame(`tensor ${i}`, b.last[i]!, tensor);
      });
    }),
  ];
}
