export type Json = Record<string, unknown>;
export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The network in Keras' JSON; TensorFlow.js and older versions of Keras nest it in `model_config`. */
export const networkIn = (json: unknown): unknown =>
  isObject(json) && isObject(json.model_config) ? json.model_config : json;

/** A layer in Keras' JSON. */
export interface LayerJson {
  class_name: string;
  name: string;
  config: Record<string, unknown>;
  inbound_nodes: unknown;
}

/** State of the model reader. */
export interface Context {
  /** Keras' version; '' if unknown. */
  keras: string;
  notes: string[];
  /** Layers and options that wgrad does not support, each with its layer's name. */
  unknown: string[];
}
