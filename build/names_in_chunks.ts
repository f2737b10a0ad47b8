import { basename } from 'node:path';
import type { Plugin } from 'vite';

/** Matches a file that only gives the exports of another one their names in the source. */
const renaming = /^export\{([^}]*)\}from"\.\/([^"]+)";?\s*$/;

/**
 * Lets dynamic imports load the chunk with the code directly. If a chunk combines several modules that are imported on demand, Rolldown
 * writes a file for each of them that only renames exports of the chunk, and which would have to be requested first.
 */
export const namesInChunks: Plugin = {
  name: 'wgrad-names-in-chunks',
  apply: 'build',
  generateBundle: {
    order: 'post',
    handler(_, bundle) {
      const chunks = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? [file] : []));
      for (const file of chunks) {
        const [, names, from] = (!file.isEntry && renaming.exec(file.code)) || [];
        const target = chunks.find(({ fileName }) => from && fileName.endsWith(`/${from}`));
        const own = target && /\bexport\{([^}]*)\};?(?=\s*(?:\/\/.*\s*)?$)/.exec(target.code);
        if (!names || !own) continue;
        const locals = new Map(own[1]!.split(',').map((name) => name.split(' as ').reverse() as [string, string]));
        const added = names.split(',').map((name) => name.split(' as ').reverse() as [string, string?]);
        const exports = added.map(([name, inner = name]) => `${locals.get(inner) ?? inner} as ${name}`);
        if (added.some(([name]) => locals.has(name))) continue;
        target.code = `${target.code.slice(0, own.index)}export{${[own[1], ...exports]}};${target.code.slice(own.index + own[0].length)}`;
        const name = basename(file.fileName);
        // An entry is in another folder than the chunks that it imports.
        for (const other of chunks) other.code = other.code.replaceAll(`/${name}\``, `/${from}\``);
        delete bundle[file.fileName];
        delete bundle[`${file.fileName}.map`];
      }
    },
  },
};
