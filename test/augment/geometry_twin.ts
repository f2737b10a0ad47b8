import type { Picture, Sampling } from '../../src/augment/op.ts';
import { parseAugmentation } from '../../src/augment/pipeline.ts';
import {
  type CropParameters,
  cropImage,
  type ResizedCropParameters,
  resizedCrop,
} from '../../src/reference/augment_geometry.ts';

type Numbers = ArrayLike<number>;

/** How an op with these options samples, as its definition says. */
export function samplingOf(type: string, options: object, { height, width, channels }: Picture): Sampling {
  const { ops } = parseAugmentation([{ type, ...options }], [height, width, channels]);
  const step = ops[0]!.steps[0]!;
  if (step.kind !== 'map') throw new Error(`${type} moves no pixels`);
  return { fillMode: 'nearest', cval: 0, interpolationOrder: 0, ...step.sampling };
}

/** One op by its twin: what comes out for parameters as `apply` takes them. */
export function applyTwin(
  type: string,
  options: object,
  parameters: object,
  image: Numbers,
  picture: Picture,
  to: { height: number; width: number },
): Float64Array {
  const sampling = samplingOf(type, options, picture);
  switch (type) {
    case 'randomCrop':
      return cropImage(image, picture, parameters as CropParameters, to, sampling);
    case 'randomResizedCrop':
      return resizedCrop(image, picture, parameters as ResizedCropParameters, to, sampling.interpolationOrder);
    default:
      throw new Error(`${type} has no twin`);
  }
}
