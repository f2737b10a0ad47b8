import type { OpDefinition } from '../op.ts';
import { colour } from './colour.ts';
import { geometry } from './geometry.ts';

/** Every op there is, by its type. */
export const definitions: ReadonlyMap<string, OpDefinition> = new Map(
  [...geometry, ...colour].map((definition) => [definition.type, definition]),
);
