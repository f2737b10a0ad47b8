import * as v from 'valibot';
import dropSource from '../../../shaders/augment/random_channel_drop.wgsl?raw';
import dropDrawSource from '../../../shaders/augment/random_channel_drop_draw.wgsl?raw';
import permutationSource from '../../../shaders/augment/random_channel_permutation.wgsl?raw';
import permutationDrawSource from '../../../shaders/augment/random_channel_permutation_draw.wgsl?raw';
import { ConfigurationError } from '../../errors.ts';
import type { OpDefinition, Picture } from '../op.ts';
import { finite, fixedOrWholeRange, probability } from './options.ts';

/**
 * Maximum number of channels. An op has 255 purposes: the fields take one per channel, the sampling of each channel another, and one
 * more is needed.
 */
const channelsMost = 126;

function requireChannels({ channels }: Picture, why: string): void {
  if (channels >= 2 && channels <= channelsMost) return;
  throw new ConfigurationError({
    what: `it ${why}`,
    found: `images of ${channels} ${channels === 1 ? 'channel' : 'channels'}`,
    expected: `2 to ${channelsMost} channels`,
    fix: 'leave it out for these images',
  });
}

const eachOf = <T>({ channels }: Picture, one: (channel: number) => T): T[] =>
  Array.from({ length: channels }, (_, channel) => one(channel));

/** torchvision.transforms.v2.RandomChannelPermutation: a random order of the channels, which may be the original one. */
const randomChannelPermutation: OpDefinition = {
  type: 'randomChannelPermutation',
  schema: v.strictObject({ type: v.literal('randomChannelPermutation'), p: probability(1) }),
  compile: ({ p }, picture) => {
    requireChannels(picture, 'reorders the channels');
    const { channels } = picture;
    return {
      code: 25,
      p,
      // `channel0` is the index of the input channel that becomes channel 0.
      fields: eachOf(picture, (channel) => ({ name: `channel${channel}`, identity: channel })),
      draw: { call: 'draw_channel_permutation', args: [`${channels}u`] },
      // With more than four channels a pixel does not fit into a vector, so other channels are read from the image.
      steps: [{ kind: channels > 4 ? 'filter' : 'pixel', call: 'random_channel_permutation' }],
      drawSources: [permutationDrawSource],
      pixelSources: [permutationSource],
    };
  },
};

/** Albumentations' ChannelDropout: replaces randomly chosen channels with the gray level `fill`. */
const randomChannelDrop: OpDefinition = {
  type: 'randomChannelDrop',
  schema: v.strictObject({
    type: v.literal('randomChannelDrop'),
    channels: v.optional(fixedOrWholeRange('channels', 1, channelsMost), 1),
    fill: v.optional(finite, 0),
    p: probability(0.5),
  }),
  compile: ({ channels, fill, p }, picture) => {
    requireChannels(picture, 'drops some of the channels');
    const [least, most] = typeof channels === 'number' ? [channels, channels] : channels;
    if (most >= picture.channels) {
      throw new ConfigurationError({
        what: 'channels would drop every channel',
        found: channels,
        expected: `at most ${picture.channels - 1} of its ${picture.channels} channels`,
      });
    }
    return {
      code: 26,
      p,
      fields: eachOf(picture, (channel) => ({ name: `drop${channel}`, as: 'boolean' as const })),
      draw: { call: 'draw_channel_drop', args: [`${picture.channels}u`, least, most] },
      steps: [{ kind: 'pixel', call: 'random_channel_drop', args: [fill] }],
      drawSources: [dropDrawSource],
      pixelSources: [dropSource],
    };
  },
};

export const channels: readonly OpDefinition[] = [randomChannelPermutation, randomChannelDrop];
