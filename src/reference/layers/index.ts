import type { LayerType } from '../../model/layers/index.ts';
import type { LayerTwin } from '../layer_twin.ts';
import { conv2dTwin } from './conv2d.ts';
import { denseTwin } from './dense.ts';
import { flattenTwin } from './flatten.ts';
import { maxPooling2dTwin } from './max_pooling2d.ts';

const twins = {
  conv2d: conv2dTwin,
  maxPooling2d: maxPooling2dTwin,
  flatten: flattenTwin,
  dense: denseTwin,
} satisfies { [T in LayerType]: LayerTwin<T> };

export const twinOf = (type: LayerType): LayerTwin<LayerType> => twins[type] as LayerTwin<LayerType>;
