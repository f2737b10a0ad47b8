export type Json = Record<string, unknown>;
export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What stands for a layer in Keras' JSON. */
export interface LayerJson {
  class_name: string;
  name: string;
  config: Record<string, unknown>;
  inbound_nodes: unknown;
}

/** What is found while a model is read. */
export interface Context {
  /** Keras' version, '' where it isn't known. */
  keras: string;
  notes: string[];
  /** What wgrad doesn't have, each with its layer. */
  unknown: string[];
}
