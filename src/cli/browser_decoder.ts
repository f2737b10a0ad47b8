import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page } from 'puppeteer-core';
import { packFiles } from '../data/packed_files.ts';
import {
  type DecodableFile,
  type DecodedPicture,
  type ImageForm,
  type PictureDecoder,
  plainImage,
} from '../data/picture_decoder.ts';
import { WgradError } from '../errors.ts';
import { browserTimeout, withinTime } from '../time_limit.ts';
import { pageIsLate, pagesOf } from './chrome.ts';
import { closeChrome } from './close_chrome.ts';
import type { DecodedBatch } from './headless/protocol.ts';
import { type HostName, hostTitles } from './hosts/host_names.ts';
import { launchBrowser } from './hosts/launch_browser.ts';
import { Interrupts } from './interrupts.ts';
import { revive } from './page_error.ts';
import { pageFolders } from './page_folders.ts';
import { type Served, serve } from './server.ts';

/** Time limit in seconds within which the page must request a batch or deliver its images. */
const longestSilence = 120;
/** Maximum number of pictures in a batch, and maximum size of their images in bytes. */
const mostInBatch = 16;
const mostImageBytes = 16 * 2 ** 20;
/** Maximum bytes of files that are read ahead. A single picture may exceed this limit. */
const mostBytes = 64 * 2 ** 20;
/** Number of batches that the page holds at once: it decodes one while it fetches the next ones. */
const batchesAtOnce = 3;

export interface DecoderOptions {
  /** The browser to use: Firefox, or else Chrome. */
  host?: HostName | undefined;
  /** Path of the Chrome to start. */
  chrome?: string | undefined;
  /** Time limit in milliseconds for starting the browser and opening the page. */
  browserTimeout?: number | undefined;
  yes?: boolean | undefined;
  report: (line: string) => void;
  /** Called before the browser is started. */
  onStart?: () => void;
}

interface Waiting {
  bytes: Uint8Array;
  form: ImageForm;
  resolve: (decoded: DecodedPicture) => void;
  reject: (error: unknown) => void;
}

/** A browser with the command's page, which decodes pictures. */
interface Opened {
  browser: Browser;
  page: Page;
  server: Served;
  interrupts: Interrupts;
  watch: NodeJS.Timeout;
  /** Rejects when the browser ends, or is silent for too long. */
  gone: Promise<never>;
  isInterrupted: () => boolean;
}

const batchLength = ({ size: [height, width] }: ImageForm) =>
  Math.max(1, Math.min(mostInBatch, Math.floor(mostImageBytes / (3 * height * width))));

/** Decodes pictures in batches, in a browser. The browser is started for the first picture that this process cannot decode itself. */
export class BrowserDecoder implements PictureDecoder {
  /** Enough for the batches that the page holds and for one that is being collected. */
  readonly atOnce = (batchesAtOnce + 1) * mostInBatch;
  readonly #options: DecoderOptions;
  readonly #queue: Waiting[] = [];
  /** The encoded files of batches that the page has not fetched yet, and the pixels of those that it has sent. */
  readonly #sent = new Map<number, Uint8Array>();
  readonly #received = new Map<number, Buffer>();
  #opened: Promise<Opened> | undefined;
  #batches = 0;
  #atPage = 0;
  #readBytes = 0;
  readonly #forRoom: (() => void)[] = [];
  #heard = 0;

  constructor(options: DecoderOptions) {
    this.#options = options;
  }

  async decode(file: DecodableFile, form: ImageForm): Promise<DecodedPicture> {
    const { size = 0 } = file;
    while (this.#readBytes > 0 && this.#readBytes + size > mostBytes) {
      await new Promise<void>((resolve) => this.#forRoom.push(resolve));
    }
    this.#readBytes += size;
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      return (await plainImage(bytes, form.size)) ?? (await this.#decodeInPage(bytes, form));
    } finally {
      this.#readBytes -= size;
      for (const resolve of this.#forRoom.splice(0)) resolve();
    }
  }

  #decodeInPage(bytes: Uint8Array, form: ImageForm): Promise<DecodedPicture> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ bytes, form, resolve, reject });
      // What else is being read joins the batch, unless the page has nothing to do.
      setImmediate(() => this.#sendBatches());
    });
  }

  #sendBatches(): void {
    while (this.#queue.length > 0 && this.#atPage < batchesAtOnce) {
      const length = batchLength(this.#queue[0]!.form);
      if (this.#atPage > 0 && this.#queue.length < length) return;
      const batch = this.#queue.splice(0, length);
      this.#atPage++;
      this.#decodeBatch(batch)
        .catch((error) => {
          for (const { reject } of batch) reject(error);
        })
        .finally(() => {
          this.#atPage--;
          this.#sendBatches();
        });
    }
  }

  async #decodeBatch(batch: readonly Waiting[]): Promise<void> {
    this.#opened ??= this.#open();
    const { page, gone, isInterrupted } = await this.#opened;
    const number = this.#batches++;
    const { form } = batch[0]!;
    this.#sent.set(number, packFiles(batch.map(({ bytes }) => bytes)));
    this.#heard = performance.now();
    const call = page.evaluate(
      (number, count, form) => window.wgrad.decodePictures(number, count, form),
      ...([number, batch.length, form] as const),
    );
    // If the page crashes, the call is rejected as well, with a less useful error. Therefore the reason gets a second to arrive first.
    const answer = call.catch(async (error) => {
      await delay(1000);
      if (isInterrupted()) await new Promise(() => undefined);
      throw error;
    });
    answer.catch(() => undefined);
    const outcome = await Promise.race([answer, gone]);
    if ('error' in outcome) throw revive(outcome.error);
    this.#deliver(batch, outcome.value, number);
  }

  #deliver(batch: readonly Waiting[], decoded: DecodedBatch, number: number): void {
    const { size } = batch[0]!.form;
    const bytes = 3 * size[0] * size[1];
    const received = this.#received.get(number)!;
    this.#received.delete(number);
    for (const [i, { resolve, reject }] of batch.entries()) {
      const one = decoded[i]!;
      if ('failed' in one) reject(new DOMException(one.failed, 'EncodingError'));
      // Each has its own memory, because a gray picture keeps only a third of it.
      else resolve({ ...one, pixels: new Uint8Array(received.subarray(i * bytes, (i + 1) * bytes)) });
    }
  }

  async #open(): Promise<Opened> {
    const { host, chrome, browserTimeout: timeout = browserTimeout, yes, report, onStart } = this.#options;
    onStart?.();
    const name = host === 'firefox' ? host : 'chrome';
    const title = hostTitles[name];
    const server = await serve(pageFolders(), (request, response, next) => {
      this.#heard = performance.now();
      this.#route(request, response, next);
    });
    const { browser } = await launchBrowser(name, {
      kind: 'software',
      chrome,
      report,
      timeout,
      ...(yes !== undefined && { yes }),
    }).catch((error) => {
      server.close();
      throw error;
    });
    let isInterrupted = false;
    const interrupts = new Interrupts(() => {
      isInterrupted = true;
      return closeChrome(browser);
    });
    let watch: NodeJS.Timeout | undefined;
    try {
      const [page] = await pagesOf(browser, timeout, title);
      await withinTime(page!.goto(server.url, { timeout: 0 }), timeout, () => pageIsLate(timeout, title));
      this.#heard = performance.now();
      const gone = new Promise<never>((_, reject) => {
        const fail = (what: string, found: string) => {
          // A Ctrl-C ends the process without an explanation.
          if (!isInterrupted) reject(new WgradError({ what, found, fix: 'try again' }));
        };
        page!.once('error', (error) => fail('The page that decodes the pictures crashed', error.message));
        browser.once('disconnected', () =>
          fail(`${title} ended while it decoded the pictures`, 'it crashed or was killed'),
        );
        watch = setInterval(() => {
          const silence = (performance.now() - this.#heard) / 1000;
          if (this.#atPage > 0 && silence > longestSilence)
            fail(`${title} stopped decoding the pictures`, `nothing for ${longestSilence} s`);
        }, 1000);
      });
      gone.catch(() => undefined);
      return { browser, page: page!, server, interrupts, watch: watch!, gone, isInterrupted: () => isInterrupted };
    } catch (error) {
      clearInterval(watch);
      interrupts.dispose();
      server.close();
      await closeChrome(browser);
      throw error;
    }
  }

  /** GET /pictures/<batch> returns the files of a batch, POST /images/<batch> receives their pixels. */
  #route(request: IncomingMessage, response: ServerResponse, next: () => void): void {
    const [, kind, name = ''] = (request.url ?? '').split('/');
    const number = Number(name);
    const packed = this.#sent.get(number);
    if (request.method === 'GET' && kind === 'pictures' && packed) {
      this.#sent.delete(number);
      response.end(packed);
    } else if (request.method === 'POST' && kind === 'images') {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.#received.set(number, Buffer.concat(chunks));
        response.end();
      });
    } else next();
  }

  /** Closes the browser, if one was started. */
  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    if (!opened) return;
    clearInterval(opened.watch);
    opened.interrupts.dispose();
    opened.server.close();
    await closeChrome(opened.browser);
  }
}
