import type { OpDefinition } from '../op.ts';
import { blur } from './blur.ts';
import { channels } from './channels.ts';
import { color } from './color.ts';
import { crop } from './crop.ts';
import { elastic } from './elastic.ts';
import { erasings } from './erasing.ts';
import { geometry } from './geometry.ts';
import { noise } from './noise.ts';
import { pairs } from './pairs.ts';
import { policies } from './policies.ts';
import { tone } from './tone.ts';

/** All ops by type. */
export const definitions: ReadonlyMap<string, OpDefinition> = new Map(
  [
    ...crop,
    ...geometry,
    ...elastic,
    ...color,
    ...tone,
    ...channels,
    ...blur,
    ...noise,
    ...erasings,
    ...policies,
    ...pairs,
  ].map((definition) => [definition.type, definition]),
);
