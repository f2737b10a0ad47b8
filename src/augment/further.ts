export { drawLines, layMaps, mapLines, needText } from './kernels/augment_draw_text.ts';
export { augmentElasticBlur, augmentElasticNoise, elasticWeights } from './kernels/augment_elastic.ts';
export {
  augmentMix,
  augmentStatistics,
  augmentTables,
  drawing,
  mapping,
  warpFlags,
  warping,
} from './kernels/augment_further.ts';
export { layOutputs, planPasses } from './plan_passes.ts';
