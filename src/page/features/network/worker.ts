import { createDataset } from '../../../index.ts';
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
  const session = current();
  if (!session?.test || sample >= session.test.count) return undefined;
  const { trainer, test, imageShape, classNames } = session;
  const bytes = imageShape.reduce((a, b) => a * b, 1);
  const pixels = test.images.slice(sample * bytes, (sample + 1) * bytes);
  const { layers, output } = trainer.model;
  const labels =
    classNames.length > 0
      ? { labels: [0], classNames }
      : { targets: new Float32Array(layers[output]!.outputShape[0]!) };
  try {
    const outputs = await trainer.meanwhile.activations(createDataset({ images: pixels, imageShape, ...labels }));
    return {
      image: imagePicture(pixels, imageShape),
      layers: outputs.map(layerPicture),
    };
  } catch (error) {
    // Another network has taken its place meanwhile.
    if (current() !== session) return undefined;
    throw error;
  }
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
