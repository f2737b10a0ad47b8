/** `wgrad compare` with its arguments as they are to be typed: a POSIX shell reads each back as it is. */
export const compareCommand = (words: readonly string[]): string =>
  ['npx wgrad compare', ...words.map(quoted)].join(' ');

const quoted = (word: string): string => (/^[\w./:=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
