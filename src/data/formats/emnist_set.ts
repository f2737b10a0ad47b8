/** Determines which of the EMNIST sets a file belongs to, by its name. */
export const emnistSet = (path: string): string | undefined =>
  /(?:^|[/_-])emnist-([a-z]+)-/i.exec(path)?.[1]?.toLowerCase();
