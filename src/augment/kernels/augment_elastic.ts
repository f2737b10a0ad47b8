import blurSource from '../../../shaders/augment_elastic_blur.wgsl?raw';
import noiseSource from '../../../shaders/augment_elastic_noise.wgsl?raw';
import randomSource from '../../../shaders/lib/random.wgsl?raw';
import type { Kernel } from '../../gpu/kernel.ts';
import { spread } from '../../kernels/workgroups.ts';
import type { DisplaceStep, Picture, PlacedOp } from '../op.ts';
import { literal } from './augment_text.ts';

/** The displacements of every pixel of a batch: noise, smoothed along the rows and then along the columns. */
export interface ElasticShape {
  op: PlacedOp;
  step: DisplaceStep;
  picture: Picture;
  batch: number;
  /** Words per record. */
  words: number;
}

export interface ElasticBlurShape extends ElasticShape {
  along: 'rows' | 'columns';
}

const pixelsOf = ({ batch, picture }: ElasticShape) => batch * picture.height * picture.width;
const constantsOf = ({ batch, picture: { height, width } }: ElasticShape) => ({ batch, height, width });
const recordOf = ({ words, op }: ElasticShape) => ({ words: `${words}u`, record: `${op.at}u` });

export const augmentElasticNoise: Kernel<ElasticShape> = {
  name: 'augment_elastic_noise',
  source: noiseSource + randomSource,
  flags: (s) => ({ ...recordOf(s), code: `${s.op.code}u` }),
  constants: constantsOf,
  buffers: (s) => ({ draws: s.batch * s.words, y: 2 * pixelsOf(s) }),
  workgroups: (s) => spread(pixelsOf(s)),
  cost: (s) => ({ flops: 0, bytes: 8 * pixelsOf(s) }),
};

export const augmentElasticBlur: Kernel<ElasticBlurShape> = {
  name: 'augment_elastic_blur',
  source: blurSource,
  flags: (s) => {
    const taps = elasticWeights(s.step, s.along).length / 2;
    const { width, height } = s.picture;
    const last = (s.along === 'rows' ? width : height) - 1;
    return {
      ...recordOf(s),
      taps: `${taps}u`,
      along_rows: s.along === 'rows',
      folded_often: (taps - 1) / 2 > last,
      scale: s.along === 'rows' ? '1.0' : `vec2f(${s.step.scale.map(literal).join(', ')})`,
    };
  },
  constants: constantsOf,
  buffers: (s) => ({
    x: 2 * pixelsOf(s),
    weights: elasticWeights(s.step, s.along).length,
    draws: s.batch * s.words,
    y: 2 * pixelsOf(s),
  }),
  workgroups: (s) => spread(pixelsOf(s)),
  cost: (s) => ({ flops: 2 * elasticWeights(s.step, s.along).length * pixelsOf(s), bytes: 16 * pixelsOf(s) }),
};

/**
 * Weights of a Gaussian along one axis, in pairs for the displacements along x and y. torchvision truncates both at four standard
 * deviations of the one along that axis, so the narrower kernel ends in zeros.
 */
export function elasticWeights({ sigma }: DisplaceStep, along: 'rows' | 'columns'): Float32Array {
  const deviation = along === 'rows' ? sigma[0] : sigma[1];
  const halves = sigma.map((s) => Math.floor(Math.floor(8 * s + 1) / 2));
  const half = Math.max(...halves);
  const weights = new Float32Array(2 * (2 * half + 1));
  for (const [axis, h] of halves.entries()) {
    const of = (k: number) => (h === 0 ? 1 : Math.exp(-0.5 * (k / deviation) ** 2));
    let sum = 0;
    for (let k = -h; k <= h; k++) sum += of(k);
    for (let k = -h; k <= h; k++) weights[2 * (half + k) + axis] = of(k) / sum;
  }
  return weights;
}
