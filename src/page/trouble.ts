import type { ErrorParts } from '../errors.ts';
import { browserOf, waysToWebGpu } from './browser.ts';
import { byId, element } from './dom.ts';

const box = () => byId('trouble');

/** Shows an error where it can't be overlooked, and where a screen reader reads it out. */
export function showTrouble({ what, found, wanted, fix }: ErrorParts): void {
  const facts = Object.entries({ found, wanted, 'to do': fix }).filter(([, text]) => text !== undefined);
  const rows = facts.map(([name, text]) =>
    element('div', {}, element('dt', {}, name), element('dd', {}, textOf(text))),
  );
  show(element('h2', {}, what), element('dl', {}, ...rows));
}

/** In place of the run, where there is no WebGPU: what was tried, and what to do in this browser on this system. */
export function showNoWebGpu(error: ErrorParts): void {
  const browser = browserOf(navigator.userAgent);
  const { name, version, system } = browser;
  const tried = [
    `${name}${version ? ` ${version}` : ''} on ${system}`,
    isSecureContext ? 'a secure page (https or localhost): yes' : 'a secure page (https or localhost): no',
    navigator.gpu ? 'navigator.gpu: it is there' : 'navigator.gpu: not there',
    ...('found' in error ? [`opening a GPU in a worker: ${textOf(error.found)}`] : []),
  ];
  const list = (items: Node[][]) => element('ul', {}, ...items.map((item) => element('li', {}, ...item)));
  show(
    element('h2', {}, `${error.what}: this page can't train`),
    element('h3', {}, 'What was tried'),
    list(tried.map((text) => [document.createTextNode(text)])),
    element('h3', {}, 'What to do'),
    list(waysToWebGpu(browser, isSecureContext).map(withCode)),
  );
}

export const hideTrouble = (): void => {
  box().hidden = true;
};

function show(...children: Node[]): void {
  box().replaceChildren(...children);
  box().hidden = false;
}

/** Backquotes as in Markdown. */
const withCode = (text: string): Node[] =>
  text.split('`').map((part, index) => (index % 2 ? element('code', {}, part) : document.createTextNode(part)));

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
