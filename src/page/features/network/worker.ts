import { pickSamples } from '../../../plan/samples.ts';
import type { Twin } from '../../../session/pairs.ts';
import { ask, imageAt } from '../run/questions_worker.ts';
import type { LayerPicture } from '../run/run.ts';
import { current, currentTwins } from '../run/worker.ts';
import { layerPicture } from './layer_picture.ts';

/** The activations of the run's network for one validation image. */
export interface Activations {
  image: LayerPicture;
  layers: LayerPicture[];
}

/**
 * Computes the output of each layer for a validation image, between two steps if a run is training. Undefined if there is no
 * network, or no such image.
 *
 * @param twin which one, if twins are being trained.
 */
export async function activationsOf(sample: number, twin?: Twin): Promise<Activations | undefined> {
  const asked = twin ? currentTwins() : current();
  const { test } = asked ?? {};
  if (!asked || !test || sample >= test.count) return undefined;
  const { pixels } = await imageAt(test, sample);
  const outputs =
    'activations' in asked ? await asked.activations(twin!, pickSamples(test, [sample])) : (await ask(pixels))?.outputs;
  return outputs && { image: imagePicture(pixels, test.imageShape), layers: outputs.map(layerPicture) };
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
