import { ask, imageAt } from '../run/questions_worker.ts';
import { current } from '../run/worker.ts';
import { type LayerPicture, layerPicture } from './layer_picture.ts';

/** One validation image on its way through the network of the run. */
export interface Activations {
  image: LayerPicture;
  layers: LayerPicture[];
}

/**
 * What each layer gives for a validation image, between two steps of a run under way. Undefined where there is no network, or no
 * such image.
 */
export async function activationsOf(sample: number): Promise<Activations | undefined> {
  const { test, imageShape } = current() ?? {};
  if (!test || !imageShape || sample >= test.count) return undefined;
  const { pixels } = await imageAt(test, sample);
  const answer = await ask(pixels);
  return answer && { image: imagePicture(pixels, imageShape), layers: answer.outputs.map(layerPicture) };
}

/** Gray, whatever its colors are: the blocks after it are gray too. */
function imagePicture(pixels: Uint8Array, [height, width, channels]: readonly [number, number, number]): LayerPicture {
  const gray = Uint8Array.from({ length: height * width }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += pixels[i * channels + c]!;
    return sum / channels;
  });
  return { layer: 'images', width, height, pixels: gray };
}
