import type { LayerOutput } from '../../../index.ts';
import type { LayerPicture } from '../run/run.ts';

/** Maximum width and height of a channel in pixels. */
const mostSide = 24;
/** Maximum number of units shown for a dense layer. */
const mostUnits = 256;

/** Four channels of a convolution in a square, or one pixel per unit. */
export function layerPicture({ layer, shape, values }: LayerOutput): LayerPicture {
  const picture = shape.length === 3 ? channelsOf(shape, values) : unitsOf(values);
  let [low, high] = [0, 0];
  for (const value of picture.values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const scale = high > low ? 255 / (high - low) : 0;
  const { width, height } = picture;
  return {
    layer,
    width,
    height,
    pixels: Uint8Array.from(picture.values, (value) => Math.round((value - low) * scale)),
  };
}

interface Values {
  width: number;
  height: number;
  values: Float32Array;
}

function unitsOf(values: Float32Array): Values {
  const shown = Math.min(values.length, mostUnits);
  const width = Math.ceil(Math.sqrt(shown));
  const height = Math.ceil(shown / width);
  return { width, height, values: values.subarray(0, shown) };
}

function channelsOf([height, width, channels]: readonly number[], values: Float32Array): Values {
  const across = channels! >= 4 ? 2 : 1;
  const stride = Math.max(1, Math.ceil(Math.max(height!, width!) / mostSide));
  const [h, w] = [Math.ceil(height! / stride), Math.ceil(width! / stride)];
  const picture = new Float32Array(across * h * across * w);
  for (let channel = 0; channel < across * across; channel++) {
    const [top, left] = [Math.floor(channel / across) * h, (channel % across) * w];
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        const value = values[(y * stride * width! + x * stride) * channels! + channel]!;
        picture[(top + y) * across * w + left + x] = value;
      }
    }
  }
  return { width: across * w, height: across * h, values: picture };
}
