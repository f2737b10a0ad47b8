import '@tensorflow/tfjs-backend-webgpu';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { tensorflowModel } from '../../tensorflow_model.ts';
import { type Contender, decodedBatches, type Setup } from './contender.ts';

/** TensorFlow.js on its WebGPU backend: a layers model, and `trainOnBatch` on tensors on the GPU. */
export async function startTensorflow(setup: Setup): Promise<Contender> {
  const { batchSize, learningRate, weights } = setup;
  await tf.setBackend('webgpu');
  await tf.ready();
  const backend = tf.backend() as WebGPUBackend;
  const { inputShape } = setup.model;
  const model = tensorflowModel(setup.model);
  model.compile({ optimizer: tf.train.adam(learningRate), loss: 'sparseCategoricalCrossentropy' });
  tf.tidy(() => {
    // Set weights layer by layer, because a whole model's list has all trainable weights before all others.
    for (const name of new Set(weights.map(({ layer }) => layer))) {
      const own = weights.filter(({ layer }) => layer === name);
      model.getLayer(name).setWeights(own.map(({ values, shape }) => tf.tensor(values, shape)));
    }
  });
  let batches: { images: tf.Tensor; labels: tf.Tensor }[] = [];
  return {
    device: backend.device,
    async load(dataset) {
      for (const batch of batches) tf.dispose([batch.images, batch.labels]);
      batches = [...decodedBatches(dataset, batchSize)].map(({ images, labels }) => ({
        images: tf.tensor(images, [labels.length, ...inputShape]),
        labels: tf.tensor(Float32Array.from(labels), [labels.length, 1]),
      }));
    },
    async train() {
      const losses: number[] = [];
      for (const { images, labels } of batches) losses.push((await model.trainOnBatch(images, labels)) as number);
      await backend.queue.onSubmittedWorkDone();
      return losses;
    },
  };
}
