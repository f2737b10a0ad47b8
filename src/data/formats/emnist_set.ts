/** Which of EMNIST's sets a file is of, by its name. */
export const emnistSet = (path: string): string | undefined =>
  /(?:^|[/_-])emnist-([a-z]+)-/i.exec(path)?.[1]?.toLowerCase();
