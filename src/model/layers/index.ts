import type * as v from 'valibot';
import type { LayerDefinition } from '../layer.ts';
import { conv2dLayer } from './conv2d.ts';
import { denseLayer } from './dense.ts';
import { flattenLayer } from './flatten.ts';
import { maxPooling2dLayer } from './max_pooling2d.ts';

/** Every layer type, in the order in which a list shows them. */
export const layerDefinitions = {
  conv2d: conv2dLayer,
  maxPooling2d: maxPooling2dLayer,
  flatten: flattenLayer,
  dense: denseLayer,
};

type Definitions = typeof layerDefinitions;
export type LayerType = keyof Definitions;
export const layerTypes = Object.keys(layerDefinitions) as LayerType[];

/** A layer as plain JSON, options that have a default left out or not. */
export type LayerConfigOf<T extends LayerType> = v.InferInput<Definitions[T]['schema']>;
export type LayerConfig = { [T in LayerType]: LayerConfigOf<T> }[LayerType];

/** The same with every default filled in. */
export type FilledLayerOf<T extends LayerType> = v.InferOutput<Definitions[T]['schema']>;
export type FilledLayer = { [T in LayerType]: FilledLayerOf<T> }[LayerType];

/** What the definition of a type works out beyond shapes and weights. */
export type DetailsOf<T extends LayerType> = ReturnType<Definitions[T]['compile']>['details'];

// biome-ignore lint/suspicious/noExplicitAny: each definition takes its own options
export const definitionOf = (type: LayerType): LayerDefinition<any, any> => layerDefinitions[type];
