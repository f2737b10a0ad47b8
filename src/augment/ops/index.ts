import type { OpDefinition } from '../op.ts';
import { colour } from './colour.ts';
import { geometry } from './geometry.ts';
import { pairs } from './pairs.ts';

/** Every op there is, by its type. */
export const definitions: ReadonlyMap<string, OpDefinition> = new Map(
  [...geometry, ...colour, ...pairs].map((definition) => [definition.type, definition]),
);
