import type { OpDefinition } from '../op.ts';
import { channels } from './channels.ts';
import { colour } from './colour.ts';
import { crop } from './crop.ts';
import { geometry } from './geometry.ts';
import { pairs } from './pairs.ts';
import { tone } from './tone.ts';

/** Every op there is, by its type. */
export const definitions: ReadonlyMap<string, OpDefinition> = new Map(
  [...crop, ...geometry, ...colour, ...tone, ...channels, ...pairs].map((definition) => [definition.type, definition]),
);
