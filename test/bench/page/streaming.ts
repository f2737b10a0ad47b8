import { createDataset, createTrainer, type Gpu, type Model, pictureSource } from '../../../src/index.ts';
import { uniforms } from '../../../src/model/initializers.ts';
import type { Streamed, StreamedNetwork, StreamOrder } from '../protocol.ts';

const classes = 10;

/** JPEG files of colored discs on noise, as base64. */
export async function drawPictures(
  first: number,
  count: number,
  [height, width]: readonly number[],
): Promise<string[]> {
  const canvas = new OffscreenCanvas(width!, height!);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  const drawn: string[] = [];
  for (let index = first; index < first + count; index++) {
    const next = uniforms(index, 1);
    const noise = context.createImageData(width!, height!);
    for (let at = 0; at < noise.data.length; at += 4) {
      noise.data[at] = noise.data[at + 1] = noise.data[at + 2] = 96 + 64 * next();
      noise.data[at + 3] = 255;
    }
    context.putImageData(noise, 0, 0);
    context.fillStyle = `hsl(${(360 / classes) * (index % classes)} 80% 50%)`;
    for (let disc = 0; disc < 8; disc++) {
      context.beginPath();
      context.arc(width! * next(), height! * next(), 30 * next() + 5, 0, 2 * Math.PI);
      context.fill();
    }
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 });
    const bytes = new Uint8Array(await blob.arrayBuffer());
    let text = '';
    for (const byte of bytes) text += String.fromCharCode(byte);
    drawn.push(btoa(text));
  }
  return drawn;
}

/** One network that is much faster than the decoding of its images, and one that is slower. */
const layersOf: Record<StreamedNetwork, Model['layers']> = {
  'two layers': [
    { type: 'averagePooling2d', poolSize: 32 },
    { type: 'flatten' },
    { type: 'dense', units: classes, activation: 'softmax' },
  ],
  'five layers': [
    { type: 'conv2d', filters: 8, kernelSize: 5, strides: 4, padding: 'same', activation: 'relu' },
    { type: 'conv2d', filters: 16, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' },
    { type: 'conv2d', filters: 32, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' },
    { type: 'globalAveragePooling2d' },
    { type: 'dense', units: classes, activation: 'softmax' },
  ],
};

/** Trains for a while on pictures from the folder that the command serves. */
export async function stream(gpu: Gpu, order: StreamOrder): Promise<Streamed> {
  const { network, pictures, imageShape, memoryBudget, batchSize, ms } = order;
  const files = Array.from({ length: pictures }, (_, index) => ({
    path: `${index}.jpg`,
    file: { arrayBuffer: async () => (await fetch(`pictures/${index}`)).arrayBuffer() },
  }));
  const dataset = createDataset({
    source: pictureSource(files, { imageShape }),
    labels: Array.from({ length: pictures }, (_, index) => index % classes),
    imageShape,
  });
  const trainer = createTrainer(gpu, {
    model: { inputShape: imageShape, layers: layersOf[network] } as Model,
    batchSize,
    memoryBudget,
    augmentation: { horizontalFlip: true },
    seed: 0,
  });
  try {
    const stop = new AbortController();
    let begun = 0;
    const { steps, images } = await trainer.fit(dataset, {
      epochs: 1000,
      signal: stop.signal,
      keepHealth: false,
      onStep: () => {
        begun ||= performance.now();
        if (performance.now() - begun >= ms) stop.abort();
      },
    });
    const use = images!.training;
    return { network, steps: steps.length, gpuBytes: trainer.memory.bytes + use.gpuBytes, use };
  } finally {
    trainer.dispose();
  }
}
