import { ConfigurationError, DataError } from '../errors.ts';
import type { Slice } from '../gpu/memory.ts';
import type { Dispatch } from '../gpu/recording.ts';
import { submit } from '../gpu/submission.ts';
import type { PictureLevels } from '../image_source.ts';
import { type PictureBytesShape, pictureBytes, pitchOf } from '../kernels/picture_bytes.ts';
import { drawPicture, pictureDecoding } from '../picture_fit.ts';
import type { DatasetInput } from '../plan/input.ts';
import type { Engine } from './engine.ts';
import { kindOf, type Picture, type PicturePreparation } from './picture.ts';

/**
 * Scales pictures to the size of the training images, in the same way. Elements and canvases are captured at the time of the
 * call.
 *
 * @throws ConfigurationError without a browser to draw them, or for images that are neither gray nor colored.
 * @throws DataError for a picture that can't be decoded, or that has no pixels yet.
 */
export async function preparePictures(
  pictures: readonly Picture[],
  { imageShape, fit, levels }: PicturePreparation,
): Promise<ImageBitmap[]> {
  if (typeof OffscreenCanvas === 'undefined') {
    throw new ConfigurationError({
      what: 'Pictures can only be predicted in a browser, which decodes them',
      found: 'no OffscreenCanvas here',
      fix: 'pass a data set or floats, or use the command wgrad predict',
    });
  }
  const [height, width, channels] = imageShape;
  if (channels !== 1 && channels !== 3) {
    throw new ConfigurationError({
      what: 'Pictures have 1 or 3 channels, but the model expects a different number',
      found: `${channels} channels`,
      expected: '1 or 3 channels',
      fix: 'pass a data set or floats',
    });
  }
  const context = new OffscreenCanvas(width, height).getContext('2d')!;
  const prepared: ImageBitmap[] = [];
  try {
    for (const [i, picture] of pictures.entries()) {
      const source = drawable(picture) ?? (await decoded(picture, i, levels));
      const size = sizeOf(source);
      if (!(size.width > 0 && size.height > 0)) {
        throw new DataError({
          what: `Picture ${i} has no pixels`,
          found: `${kindOf(picture)} of ${size.width} x ${size.height}`,
          fix: 'wait until it is loaded: await image.decode() for an image, the event loadeddata for a video',
        });
      }
      drawPicture(context, source, size, fit);
      prepared.push(context.canvas.transferToImageBitmap());
      if (source !== picture) (source as ImageBitmap).close();
    }
    return prepared;
  } catch (error) {
    for (const bitmap of prepared) bitmap.close();
    throw error;
  }
}

type Drawable = Exclude<CanvasImageSource, SVGImageElement>;

/** The picture itself, if a canvas can draw it. */
const drawable = (picture: Picture): Drawable | undefined =>
  ['ImageData', 'Blob', 'File', 'ArrayBuffer', 'Uint8Array'].includes(kindOf(picture))
    ? undefined
    : (picture as Drawable);

async function decoded(picture: Picture, i: number, levels: PictureLevels | undefined): Promise<ImageBitmap> {
  const kind = kindOf(picture);
  const isBytes = kind === 'ArrayBuffer' || kind === 'Uint8Array';
  const source = isBytes ? new Blob([picture as Uint8Array<ArrayBuffer>]) : (picture as ImageData | Blob);
  try {
    const isFile = levels && source instanceof Blob;
    const stretched = isFile && (await (await import('../png/png_pictures.ts')).stretchedPicture(source, levels));
    return await createImageBitmap(stretched || source, pictureDecoding);
  } catch (cause) {
    throw new DataError(
      {
        what: `Picture ${i} cannot be decoded`,
        problem: 'cannot be decoded',
        found: `${kind} of ${source instanceof Blob ? `${source.size} bytes` : `${source.width} x ${source.height}`}`,
        expected: 'a whole file that this browser decodes: PNG, JPEG, WebP, GIF, BMP or AVIF',
        ...(isBytes && { fix: 'pass pixels as an ImageData or, with createDataset, as a data set' }),
      },
      { cause },
    );
  }
}

/** Size in pixels, independent of its size on the page. */
function sizeOf(source: Drawable): { width: number; height: number } {
  if ('naturalWidth' in source) return { width: source.naturalWidth, height: source.naturalHeight };
  if ('videoWidth' in source) return { width: source.videoWidth, height: source.videoHeight };
  if ('displayWidth' in source) return { width: source.displayWidth, height: source.displayHeight };
  return { width: source.width, height: source.height };
}

/** Converts batches of prepared pictures to bytes like those of a data set, on the GPU. */
export class PictureInput {
  private constructor(
    private readonly engine: Engine,
    readonly input: DatasetInput,
    private readonly texture: GPUTexture,
    private readonly pixels: Slice,
    private readonly dispatch: Dispatch,
  ) {}

  /** @param batch maximum number of pictures at once. */
  static async start(engine: Engine, { imageShape }: PicturePreparation, batch: number): Promise<PictureInput> {
    const [height, width, channels] = imageShape;
    const shape: PictureBytesShape = { batch, height, width, channels: channels as 1 | 3 };
    const { memory, gpu, plain, steps } = engine;
    const blank = {
      images: new Uint8Array(),
      labels: new Uint8Array(batch),
      imageShape: [...imageShape] as [number, number, number],
      classNames: [],
      count: batch,
    };
    const input = await engine.input(blank, plain, steps.evaluation, { blank: true });
    let pixels: Slice | undefined;
    try {
      pixels = memory.storage('pictures.pixels', batch * height * pitchOf(width));
      const dispatch = await engine.dispatch(pictureBytes, shape, { pixels, images: input.images });
      const texture = gpu.device.createTexture({
        label: 'picture',
        size: [width, height],
        format: 'rgba8unorm',
        usage: GPUTextureUsage.COPY_DST | GPUTextureUsage.COPY_SRC | GPUTextureUsage.RENDER_ATTACHMENT,
      });
      return new PictureInput(engine, input, texture, pixels, dispatch);
    } catch (error) {
      if (pixels) memory.free(pixels.buffer);
      input.dispose();
      throw error;
    }
  }

  /** Writes the images of a batch, starting with its first. */
  write(pictures: readonly ImageBitmap[]): void {
    const { texture } = this;
    const { height, width } = texture;
    const { device } = this.engine.gpu;
    const { buffer } = this.pixels;
    const bytesPerRow = 4 * pitchOf(width);
    for (const [n, source] of pictures.entries()) {
      device.queue.copyExternalImageToTexture({ source }, { texture }, [width, height]);
      submit(device, 'picture', ({ encoder }) =>
        encoder.copyTextureToBuffer({ texture }, { buffer, offset: n * height * bytesPerRow, bytesPerRow }, [
          width,
          height,
        ]),
      );
    }
    submit(device, 'pictures', (work) => work.compute([this.dispatch]));
  }

  dispose(): void {
    this.texture.destroy();
    this.engine.memory.free(this.pixels.buffer);
    this.input.dispose();
  }
}
