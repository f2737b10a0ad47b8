import { ask, imageAt } from '../run/questions_worker.ts';
import { current } from '../run/worker.ts';
import { type LayerPicture, layerPicture } from './layer_picture.ts';

/** The activations of the run's network for one validation image. */
export interface Activations {
  image: LayerPicture;
  layers: LayerPicture[];
}

/**
 * Computes the output of each layer for a validation image, between two steps if a run is training. Undefined if there is no
 * network, or no such image.
 */
export async function activationsOf(sample: number): Promise<Activations | undefined> {
  const { test, imageShape } = current() ?? {};
  if (!test || !imageShape || sample >= test.count) return undefined;
  const { pixels } = await imageAt(test, sample);
  const answer = await ask(pixels);
  return answer && { image: imagePicture(pixels, imageShape), layers: answer.outputs.map(layerPicture) };
}

/** Converts the image to gray like the other blocks. */
function imagePicture(pixels: Uint8Array, [height, width, channels]: readonly [number, number, number]): LayerPicture {
  const gray = Uint8Array.from({ length: height * width }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += pixels[i * channels + c]!;
    return sum / channels;
  });
  return { layer: 'images', width, height, pixels: gray };
}
