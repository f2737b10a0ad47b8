import type { PictureReader } from '../data/index.ts';
import { readPictureFiles } from '../data/pictures.ts';
import { counted } from '../figures.ts';
import { BrowserDecoder, type DecoderOptions } from './browser_decoder.ts';
import { hostTitles } from './hosts/host_names.ts';
import { ReadingProgress } from './reading_progress.ts';

/** Number of pictures from which reading takes long enough to be announced. */
const many = 1000;

/**
 * Reads pictures as the training page does, with the same code. PNGs that have the images' size already are decoded in this process;
 * a browser, which is started for the first of the others, decodes those, because Node cannot.
 */
export function picturesInBrowser({ report, ...options }: DecoderOptions): PictureReader {
  return async (pictures, { onProgress: _, ...reading }) => {
    const count = pictures.placed.length;
    const title = hostTitles[options.host === 'firefox' ? 'firefox' : 'chrome'];
    const decoder = new BrowserDecoder({
      ...options,
      report,
      onStart: () => {
        if (count >= many) report(`Decoding pictures of ${counted(count, 'file')} in ${title}.`);
      },
    });
    const progress = new ReadingProgress();
    try {
      return await readPictureFiles(
        pictures,
        { ...reading, onProgress: (done, total) => progress.update(done, total) },
        decoder,
      );
    } finally {
      progress.stop();
      await decoder.close();
    }
  };
}
