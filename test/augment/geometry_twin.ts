import type { Picture, Sampling } from '../../src/augment/op.ts';
import { parseAugmentation } from '../../src/augment/pipeline.ts';
import { flipImage } from '../../src/reference/augment.ts';
import {
  affineMap,
  type CropParameters,
  centreOf,
  cropImage,
  displaced,
  type Matrix3,
  type PerspectiveParameters,
  perspectiveMap,
  quarterTurns,
  type ResizedCropParameters,
  resizedCrop,
  rotationMap,
  through,
  warp,
} from '../../src/reference/augment_geometry.ts';

import type { GeometryCase } from '../fixtures/torchvision_geometry.ts';

type Numbers = ArrayLike<number>;

/** The sampling of an op with these options, from its definition. */
export function samplingOf(type: string, options: object, { height, width, channels }: Picture): Sampling {
  const { ops } = parseAugmentation([{ type, ...options }], [height, width, channels]);
  const step = ops[0]!.steps[0]!;
  if (step.kind !== 'map' && step.kind !== 'displace') throw new Error(`${type} moves no pixels`);
  return { fillMode: 'nearest', cval: 0, interpolationOrder: 0, ...step.sampling };
}

/** The matrix of an op that has one. */
export function mapOf(type: string, options: object, parameters: object, picture: Picture): Matrix3 {
  const centre = centreOf(picture, (options as { center?: [number, number] }).center);
  switch (type) {
    case 'randomAffine':
      return affineMap(parameters, centre);
    case 'randomRotation':
      return rotationMap((parameters as { angle: number }).angle, centre);
    case 'randomPerspective':
      return perspectiveMap(parameters as PerspectiveParameters, picture);
    default:
      throw new Error(`${type} has no matrix`);
  }
}

/** Applies one op with its twin, for parameters as `apply` takes them. */
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
    case 'randomAffine':
    case 'randomRotation':
    case 'randomPerspective':
      return warp(image, picture, to, through(mapOf(type, options, parameters, picture)), sampling);
    case 'randomRotate90':
      return quarterTurns(image, picture, (parameters as { quarterTurns: number }).quarterTurns);
    case 'randomHorizontalFlip':
    case 'randomVerticalFlip':
      return flipImage(image, picture, type === 'randomHorizontalFlip', type === 'randomVerticalFlip');
    case 'elasticTransform': {
      const { displacements } = parameters as { displacements: number[] };
      return warp(image, picture, to, displaced(displacements, picture), sampling);
    }
    default:
      throw new Error(`${type} has no twin`);
  }
}

/**
 * Elements of a case with a unique correct value: with `nearest`, a position halfway between two pixels may be rounded either way.
 */
export function settled({ type, options, parameters, picture, to }: GeometryCase): number[] {
  const all = Array.from({ length: to.height * to.width * to.channels }, (_, at) => at);
  if (options.interpolation !== 'nearest' || !mapped.includes(type)) return all;
  const where = through(mapOf(type, options, parameters, picture));
  const isTie = (v: number) => Math.abs(v - Math.floor(v) - 0.5) < 1e-5;
  return all.filter((at) => {
    const pixel = Math.floor(at / to.channels);
    return !where(pixel % to.width, Math.floor(pixel / to.width)).some(isTie);
  });
}

const mapped = ['randomAffine', 'randomRotation', 'randomPerspective'];
