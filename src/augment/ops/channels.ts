import * as v from 'valibot';
import dropSource from '../../../shaders/augment/random_channel_drop.wgsl?raw';
import dropDrawSource from '../../../shaders/augment/random_channel_drop_draw.wgsl?raw';
import permutationSource from '../../../shaders/augment/random_channel_permutation.wgsl?raw';
import permutationDrawSource from '../../../shaders/augment/random_channel_permutation_draw.wgsl?raw';
import { ConfigurationError } from '../../errors.ts';
import type { OpDefinition, Picture } from '../op.ts';
import { finite, fixedOrWholeRange, probability } from './options.ts';

/** A purpose for the field and one for the draw of each channel, and one more, among an op's 255. */
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

/** torchvision.transforms.v2.RandomChannelPermutation: the channels in any order, the one they have included. */
const randomChannelPermutation: OpDefinition = {
  type: 'randomChannelPermutation',
  schema: v.strictObject({ type: v.literal('randomChannelPermutation'), p: probability(1) }),
  compile: ({ p }, picture) => {
    requireChannels(picture, 'puts the channels into another order');
    const { channels } = picture;
    return {
      code: 25,
      p,
      // `channel0` is the one that becomes channel 0.
      fields: eachOf(picture, (channel) => ({ name: `channel${channel}`, identity: channel })),
      draw: { call: 'draw_channel_permutation', args: [`${channels}u`] },
      // A pixel of many channels is not at hand as a whole: another channel is looked up in the image.
      steps: [{ kind: channels > 4 ? 'filter' : 'pixel', call: 'random_channel_permutation' }],
      drawSources: [permutationDrawSource],
      pixelSources: [permutationSource],
    };
  },
};

/** Albumentations' ChannelDropout: so many channels become `fill`, a grey level; any of them with the same chance. */
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
        what: 'channels leaves nothing of the image',
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
