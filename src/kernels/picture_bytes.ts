import source from '../../shaders/picture_bytes.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { ceilDiv, spread } from './workgroups.ts';

/** Converts pictures from a texture into the bytes of a data set's images. */
export interface PictureBytesShape {
  batch: number;
  height: number;
  width: number;
  /** Gray, or red, green and blue. */
  channels: 1 | 3;
}

/** WebGPU pads each row of a texture copy to a multiple of this many bytes. */
const rowBytes = 256;

/** Words per row of pixels, including the padding. */
export const pitchOf = (width: number): number => (ceilDiv(4 * width, rowBytes) * rowBytes) / 4;

const bytesOf = ({ batch, height, width, channels }: PictureBytesShape) => batch * height * width * channels;
const pixelsOf = ({ batch, height, width }: PictureBytesShape) => batch * height * pitchOf(width);

export const pictureBytes: Kernel<PictureBytesShape> = {
  name: 'picture_bytes',
  source,
  flags: ({ channels }) => ({ channels, gray: channels === 1 }),
  constants: ({ batch, height, width }) => ({ batch, height, width, pitch: pitchOf(width) }),
  buffers: (s) => ({ pixels: pixelsOf(s), images: ceilDiv(bytesOf(s), 4) }),
  workgroups: (s) => spread(ceilDiv(bytesOf(s), 4)),
  cost: (s) => ({ flops: 0, bytes: 4 * s.batch * s.height * s.width + bytesOf(s) }),
};
