import * as ort from 'onnxruntime-web';
import type { Model } from '../../src/index.ts';

// Use one thread, so that no workers are left running after a test.
ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

/**
 * Runs images [count, height, width, channels] through onnxruntime; the graph may take them as [count, channels, height, width].
 */
export async function runOnnx(
  file: Uint8Array,
  images: Float32Array | Uint8Array,
  { inputShape }: Model,
  channelsFirst = false,
): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(file);
  const [height, width, channels] = inputShape;
  const count = images.length / (height * width * channels);
  const moved = channelsFirst ? images.map((_, i) => images[placeIn(i, inputShape)]!) : images;
  const shape = channelsFirst ? [count, channels, height, width] : [count, height, width, channels];
  const input =
    moved instanceof Uint8Array ? new ort.Tensor('uint8', moved, shape) : new ort.Tensor('float32', moved, shape);
  const outputs = await session.run({ images: input });
  const data = (await Object.values(outputs)[0]!.getData()) as Float32Array;
  await session.release();
  return Float32Array.from(data);
}

/** Index in [count, height, width, channels] of element i of [count, channels, height, width]. */
function placeIn(i: number, [height, width, channels]: Model['inputShape']): number {
  const pixels = height * width;
  const image = Math.floor(i / (pixels * channels));
  const channel = Math.floor(i / pixels) % channels;
  return (image * pixels + (i % pixels)) * channels + channel;
}
