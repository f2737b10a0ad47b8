import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { DatasetParts, PictureReader, UserDataset } from '../data/index.ts';
import type { PictureFile } from '../data/labeled_pictures.ts';
import { encodedPictures } from '../data/picture_source.ts';
import { WgradError } from '../errors.ts';
import { counted } from '../figures.ts';
import { browserTimeout, withinTime } from '../time_limit.ts';
import { pageIsLate, pagesOf } from './chrome.ts';
import { closeChrome } from './close_chrome.ts';
import type { PicturesRead, SentPictures } from './headless/protocol.ts';
import { type HostName, hostTitles } from './hosts/host_names.ts';
import { launchBrowser } from './hosts/launch_browser.ts';
import { Interrupts } from './interrupts.ts';
import { revive } from './page_error.ts';
import { pageFolders } from './page_folders.ts';
import { ReadingProgress } from './reading_progress.ts';
import { serve } from './server.ts';

/** Time limit in seconds within which the page must request a picture or deliver images. */
const longestSilence = 120;
/** Number of pictures from which reading takes long enough to be announced. */
const many = 1000;

/**
 * Reads pictures as the training page does, with the same code, in a separate browser, because Node cannot decode them. The page
 * requests one picture after the other, and returns the bytes of each split.
 */
export function picturesInBrowser({
  host,
  chrome,
  browserTimeout: timeout = browserTimeout,
  yes,
  report,
}: {
  /** The browser to use: Firefox, or else Chrome. */
  host?: HostName;
  chrome?: string;
  /** Time limit in milliseconds for starting the browser and opening the page. */
  browserTimeout?: number;
  yes?: boolean;
  report: (line: string) => void;
}): PictureReader {
  const name = host === 'firefox' ? host : 'chrome';
  const title = hostTitles[name];
  return async ({ files, targets, ...pictures }, { onProgress: _, signal: __, ...options }) => {
    if (files.length >= many) report(`Reading ${counted(files.length, 'picture')} in ${title}.`);
    const images = new Map<string, Uint8Array>();
    let heard = performance.now();
    const route = pictureRoutes(files, images);
    const server = await serve(pageFolders(), (request, response, next) => {
      heard = performance.now();
      route(request, response, next);
    });
    const launched = launchBrowser(name, { kind: 'software', chrome, yes, report, timeout });
    const { browser } = await launched.catch((error) => {
      server.close();
      throw error;
    });
    let isInterrupted = false;
    const interrupts = new Interrupts(() => {
      isInterrupted = true;
      return closeChrome(browser);
    });
    let watch: NodeJS.Timeout | undefined;
    const progress = new ReadingProgress();
    try {
      const [page] = await pagesOf(browser, timeout, title);
      await page!.exposeFunction('wgradReading', (done: number, total: number) => {
        heard = performance.now();
        progress.update(done, total);
      });
      await withinTime(page!.goto(server.url, { timeout: 0 }), timeout, () => pageIsLate(timeout, title));
      const gone = new Promise<never>((_, reject) => {
        const fail = (what: string, found: string) => {
          // A Ctrl-C ends the process without an explanation.
          if (!isInterrupted) reject(new WgradError({ what, found, fix: 'try again' }));
        };
        page!.once('error', (error) => fail('The page that reads the pictures crashed', error.message));
        browser.once('disconnected', () =>
          fail(`${title} ended while it read the pictures`, 'it crashed, or was ended'),
        );
        watch = setInterval(() => {
          const silence = (performance.now() - heard) / 1000;
          if (silence > longestSilence)
            fail(`${title} stopped reading the pictures`, `nothing for ${longestSilence} s`);
        }, 1000);
      });
      const sent: SentPictures = {
        ...pictures,
        files: files.map(({ path, file, format }) => ({ path, size: file.size, format })),
        ...(targets && { targets: { ...targets, of: [...targets.of] } }),
      };
      const reading = page!.evaluate((sent, options) => window.wgrad.readPictures(sent, options), sent, options);
      // If the page crashes, the call is rejected as well, with a less useful error: the reason gets a second to arrive first.
      const answer = reading.catch(async (error) => {
        await delay(1000);
        if (isInterrupted) await new Promise(() => undefined);
        throw error;
      });
      answer.catch(() => undefined);
      const outcome = await Promise.race([answer, gone]);
      if ('error' in outcome) throw revive(outcome.error);
      return withImages(outcome.value, images, files);
    } finally {
      progress.stop();
      clearInterval(watch);
      interrupts.dispose();
      server.close();
      await closeChrome(browser);
    }
  };
}

type Route = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** GET /pictures/<index> returns the bytes of a picture, POST /images/<split> receives those of a split. */
function pictureRoutes(files: readonly PictureFile[], images: Map<string, Uint8Array>): Route {
  return (request, response, next) => {
    const [, kind, name = ''] = (request.url ?? '').split('/');
    if (request.method === 'GET' && kind === 'pictures' && files[Number(name)]) {
      files[Number(name)]!.file.arrayBuffer().then(
        (bytes) => response.end(new Uint8Array(bytes)),
        (error: Error) => response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' }).end(error.message),
      );
    } else if (request.method === 'POST' && kind === 'images') {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        images.set(name, Buffer.concat(chunks));
        response.end();
      });
    } else next();
  };
}

function withImages(
  { train, validation, test, report }: PicturesRead,
  images: Map<string, Uint8Array>,
  files: readonly PictureFile[],
): UserDataset {
  const part = (name: string, { targets, pictures, levels, ...facts }: PicturesRead['train']): DatasetParts => {
    const { imageShape, pictureFit = 'cover' } = facts;
    const source =
      pictures &&
      encodedPictures(
        pictures.map((at) => files[at]!),
        { imageShape, fit: pictureFit, ...(levels && { levels }) },
      );
    return {
      ...facts,
      ...(targets && { targets: Float32Array.from(targets) }),
      ...(source ? { images: new Uint8Array(), source } : { images: images.get(name)! }),
    };
  };
  return {
    train: part('train', train),
    test: part('test', test),
    ...(validation && { validation: part('validation', validation) }),
    report,
  };
}
