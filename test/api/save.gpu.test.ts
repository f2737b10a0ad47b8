import { expect, test } from 'vitest';
import { modelFormats } from '../../src/formats/export_model.ts';
import {
  createTrainer,
  DataError,
  deleteModel,
  freezeLayers,
  listModels,
  loadTrainer,
  parseRun,
  sgd,
  type Trainer,
} from '../../src/index.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { smallDataset, smallModel } from '../training/small.ts';

const dataset = smallDataset(24);
const validationData = smallDataset(9, 2);

async function trained(): Promise<Trainer> {
  const trainer = createTrainer(gpu, {
    model: smallModel,
    batchSize: 8,
    seed: 5,
    augmentation: { rotationRange: 10, featurewiseCenter: true },
  });
  await trainer.fit(dataset, { epochs: 2, validationData });
  return trainer;
}

/** Trains one more epoch, and returns its exact bits. */
async function next(trainer: Trainer) {
  const { steps } = await trainer.fit(dataset, { epochs: 3, initialEpoch: 2 });
  return { losses: steps.map(({ loss }) => loss), weights: await trainer.getWeights() };
}

test('a saved model is loaded from a Blob, bytes, the storage and a URL, and continues with bit-identical results', async () => {
  const trainer = await trained();
  const name = 'indexeddb://save test';
  const file = await trainer.save({ to: name });
  const run = parseRun(new Uint8Array(await file.arrayBuffer()));
  expect(run.dataset).toMatchObject({ classNames: dataset.classNames, trainSamples: 24, testSamples: 9 });
  expect(run.history.epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
  expect(run.history.steps).toHaveLength(6);
  expect(run.options.model).toEqual(smallModel);
  const probabilities = await trainer.predict(validationData);
  const expected = await next(trainer);
  trainer.dispose();
  const url = URL.createObjectURL(file);
  const buffer = await file.arrayBuffer();
  for (const from of [file, buffer, new Uint8Array(buffer), name, url, new URL(url), [new File([file], 'run')]]) {
    const loaded = await loadTrainer(gpu, from);
    expect(loaded.classNames).toEqual(dataset.classNames);
    expect(loaded.pictures).toEqual({ imageShape: [6, 6, 1], fit: 'cover' });
    expect(await loaded.predict(validationData)).toEqual(probabilities);
    if (from === file) {
      expect(await next(loaded)).toEqual(expected);
      const again = parseRun(new Uint8Array(await (await loaded.save()).arrayBuffer()));
      expect(again.history.epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    }
    loaded.dispose();
  }
  URL.revokeObjectURL(url);
  expect(await listModels()).toEqual(['save test']);
  expect(await deleteModel('save test')).toBe(true);
  expect(await deleteModel('save test')).toBe(false);
  await expect(loadTrainer(gpu, name)).rejects.toThrow(/no model save test(.|\n)*trainer\.save/);
});

test('a file that the user has chosen', async () => {
  const folder = await navigator.storage.getDirectory();
  const handle = await folder.getFileHandle('model.wgrad', { create: true });
  const trainer = await trained();
  await trainer.save({ to: handle });
  const loaded = await loadTrainer(gpu, handle);
  expect(await loaded.getWeights()).toEqual(await trainer.getWeights());
  await folder.removeEntry('model.wgrad');
  trainer.dispose();
  loaded.dispose();
});

test('a clone continues independently, with the same bits as the original', async () => {
  const trainer = await trained();
  await trainer.setLearningRate(0.02);
  const copy = await trainer.clone();
  expect(copy.classNames).toEqual(dataset.classNames);
  const result = await next(copy);
  expect(result.weights).not.toEqual(await trainer.getWeights());
  expect(await next(trainer)).toEqual(result);
  copy.dispose();
  trainer.dispose();
});

test('every format is saved; those that come in again predict the same', async () => {
  const trainer = await trained();
  const centered = await trainer.getWeights();
  trainer.dispose();
  const plain = createTrainer(gpu, { model: smallModel, seed: 5, augmentation: { rescale: 1 / 128 } });
  await plain.setWeights(centered);
  const expected = await plain.predict(validationData);
  for (const format of modelFormats) {
    const file = await plain.save({ format });
    expect(file.size, format).toBeGreaterThan(300);
    if (format !== 'safetensors') continue;
    const loaded = await loadTrainer(gpu, file);
    expect(await loaded.predict(validationData)).toEqual(expected);
    loaded.dispose();
  }
  plain.dispose();
});

test('other options: layers keep their weights, the rest starts again, and frozen ones stay unchanged', async () => {
  const trainer = await trained();
  const file = await trainer.save();
  const before = await trainer.getWeights();
  const layers = [...smallModel.layers.slice(0, -1), { type: 'dense', units: 4, activation: 'softmax' } as const];
  const model = freezeLayers({ ...smallModel, layers }, 'conv*');
  const loaded = await loadTrainer(gpu, file, { model, optimizer: sgd({ learningRate: 0.5 }), augmentation: null });
  const began = await loaded.getWeights();
  expect(loaded.classNames).toEqual(['0', '1', '2', '3']);
  // Two convolutions and a dense layer have a kernel and a bias each; the last layer has another shape.
  expect(began.slice(0, 6)).toEqual(before.slice(0, 6));
  expect(began[6]).toHaveLength(20);
  await loaded.fit({ ...dataset, classNames: ['a', 'b', 'c', 'd'] }, { epochs: 1 });
  const after = await loaded.getWeights();
  expect(after.slice(0, 4)).toEqual(before.slice(0, 4));
  expect(after[4]).not.toEqual(before[4]);
  const other = await loadTrainer(gpu, file, { optimizer: 'adam', seed: 9 });
  expect(other.classNames).toEqual(dataset.classNames);
  expect(await other.getWeights()).toEqual(before);
  for (const each of [trainer, loaded, other]) each.dispose();
});

test('what cannot be saved or loaded says why', async () => {
  const trainer = createTrainer(gpu, { model: smallModel });
  await expect(trainer.save({ format: 'onx' as 'onnx' })).rejects.toThrow(/onnx/);
  await expect(trainer.save({ to: 'model.wgrad' as 'indexeddb://x' })).rejects.toThrow(/indexeddb/);
  trainer.dispose();
  await expect(loadTrainer(gpu, new Blob(['hello']))).rejects.toThrow(/no model that wgrad can read/);
  await expect(loadTrainer(gpu, 5 as unknown as Blob)).rejects.toThrow(/cannot be loaded/);
  await expect(loadTrainer(gpu, [])).rejects.toThrow(/no model among these files/);
  await expect(loadTrainer(gpu, 'http://localhost:1/model.json')).rejects.toThrow(DataError);
  expect(() => freezeLayers(smallModel, 'conv2')).toThrow(/conv2d/);
  expect(() => freezeLayers(smallModel, '*')).toThrow(/nothing would be trained/);
});
