import { basename } from 'node:path';

/** The name of a work in the queue, taken from its file. */
export const nameOf = (file: string): string => basename(file).replace(/\.json$/, '');
