import { resolve } from 'node:path';
import type { Plugin } from 'vite';
import { root } from './root.ts';

/** The code of a module that only throws this error. */
const fail = (message: string) => `throw new Error(${JSON.stringify(message)});`;

/**
 * Parts of Puppeteer that no command reaches, or that hardly any user needs. They would be a third of the package. Code that reaches them
 * nevertheless throws one of these errors.
 */
const unreached: [pattern: RegExp, code: string][] = [
  [
    /\/BidiOverCdp\.js$/,
    `export const connectBidiOverCdp = () => { ${fail('wgrad speaks to Chrome in its own protocol')} }`,
  ],
  [/\/Device\.js$/, 'export const KnownDevices = {};'],
  // The command does not press keys in Firefox.
  [/\/bidi\/Input\.js$/, 'export class BidiKeyboard {} export class BidiMouse {} export class BidiTouchscreen {}'],
  [/\/USKeyboardLayout\.js$/, 'export const _keyDefinitions = {};'],
  [
    /\/urlpattern-polyfill\.js$/,
    `export class URLPattern { constructor() { ${fail('wgrad blocks no addresses by patterns')} } }`,
  ],
  [
    /^(pac|socks)-proxy-agent$/,
    fail(
      'wgrad downloads through HTTP proxies, not through SOCKS or by PAC scripts: set HTTPS_PROXY to an HTTP proxy, ' +
        'or install Chrome and give its path with --chrome',
    ),
  ],
];

export const unreachedParts: Plugin = {
  name: 'wgrad-unreached',
  enforce: 'pre',
  resolveId: (name, importer) => {
    // Two folders of Puppeteer have a file of this name.
    const id = name === './Input.js' && importer ? resolve(importer, '..', name) : name;
    // The package ws has 50 kB, of which Puppeteer uses only what this file implements.
    if (id === 'ws') return resolve(root, 'src/cli/hosts/web_socket.ts');
    const at = unreached.findIndex(([pattern]) => pattern.test(id));
    return at < 0 ? undefined : `\0unreached-${at}`;
  },
  load: (id) => {
    const at = /^\0unreached-(\d+)$/.exec(id)?.[1];
    return at === undefined ? undefined : unreached[Number(at)]![1];
  },
};

/**
 * Before Puppeteer sends functions to Firefox, it replaces each PLACEHOLDER('name') in their source text. It does not recognize the
 * backticks that minified code has in place of the quotes.
 */
export const placeholdersOfPuppeteer: Plugin = {
  name: 'wgrad-placeholders-of-puppeteer',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('puppeteer/util/Function.js')) return undefined;
    const quoted = /\(\?:'(\$\{name\})'\|"\1"\)/;
    if (!quoted.test(code)) this.error('Puppeteer has changed: it looks for its placeholders in another way');
    return { code: code.replace(quoted, `['"\\x60]$1['"\\x60]`), map: null };
  },
};
