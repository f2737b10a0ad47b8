import type { Plugin } from 'vite';

/**
 * Lists the licenses of all bundled packages, with each license text only once. If two packages have the same text, the second one has its
 * copyright line and a reference to the first.
 */
export const eachLicenseOnce: Plugin = {
  name: 'wgrad-each-license-once',
  enforce: 'post',
  generateBundle: {
    order: 'post',
    handler(_, bundle) {
      const file = bundle['licenses.md'];
      if (file?.type !== 'asset') return;
      const owners = new Map<string, string>();
      const sections = String(file.source).split(/^(?=## )/m);
      file.source = sections
        .map((section) => {
          const name = /^## (.*)$/m.exec(section)?.[1];
          const text = /^(Permission is hereby granted|Permission to use| *Apache License)[\s\S]*$/m.exec(section);
          if (!name || !text) return section;
          const words = text[0].replaceAll(/[^a-zA-Z]+/g, ' ').trim();
          const owner = owners.get(words);
          if (!owner) owners.set(words, name);
          return owner ? `${section.slice(0, text.index)}The text is that of ${owner}, above.\n\n` : section;
        })
        .join('');
    },
  },
};
