import '@tensorflow/tfjs-backend-webgpu';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayerConfig } from '../../../src/index.ts';
import { type Contender, decodedBatches, type Setup } from './contender.ts';

/** TensorFlow.js on its WebGPU backend: a layers model, and `trainOnBatch` on tensors that lie on the GPU. */
export async function startTensorflow(setup: Setup): Promise<Contender> {
  const { batchSize, learningRate, weights } = setup;
  await tf.setBackend('webgpu');
  await tf.ready();
  const backend = tf.backend() as WebGPUBackend;
  const { inputShape, layers } = setup.model;
  const model = tfl.sequential({
    layers: layers.map((layer, place) => kerasLayer(layer, place === 0 ? [...inputShape] : undefined)),
  });
  model.compile({ optimizer: tf.train.adam(learningRate), loss: 'sparseCategoricalCrossentropy' });
  tf.tidy(() => model.setWeights(weights.map(({ values, shape }) => tf.tensor(values, shape))));
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

/** wgrad's layers have Keras' names and options, and so do TensorFlow.js'. Initial values are set from outside. */
function kerasLayer(layer: LayerConfig, inputShape: number[] | undefined) {
  const first = inputShape && { inputShape };
  const kernelInitializer = 'zeros' as const;
  switch (layer.type) {
    case 'conv2d': {
      const { filters, kernelSize, padding, activation } = layer;
      return tfl.layers.conv2d({
        ...first,
        filters,
        kernelSize: kernelSize as number,
        padding,
        activation,
        kernelInitializer,
      });
    }
    case 'maxPooling2d':
      return tfl.layers.maxPooling2d({ ...first, poolSize: layer.poolSize as number });
    case 'flatten':
      return tfl.layers.flatten(first);
    case 'dense':
      return tfl.layers.dense({ ...first, units: layer.units, activation: layer.activation, kernelInitializer });
  }
}
