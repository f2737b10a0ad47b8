/** A `wgrad compare` command line, quoted so that a POSIX shell passes every argument on unchanged. */
export const compareCommand = (words: readonly string[]): string =>
  ['npx wgrad compare', ...words.map(quoted)].join(' ');

const quoted = (word: string): string => (/^[\w./:=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
