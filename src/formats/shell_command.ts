/** A wgrad command line, quoted such that a POSIX shell passes every argument unchanged. */
export const shellCommand = (command: string, words: readonly string[]): string =>
  [`npx wgrad ${command}`, ...words.map(quoted)].join(' ');

/** A `wgrad compare` command line. */
export const compareCommand = (words: readonly string[]): string => shellCommand('compare', words);

const quoted = (word: string): string => (/^[\w./:=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
