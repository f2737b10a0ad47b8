import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './packed.ts';

/** The first TypeScript example of a page in docs. */
export function exampleIn(page: string): string {
  const [, code] = readFileSync(join(root, 'docs', page), 'utf8').match(/^```ts\n(.*?)^```$/ms) ?? [];
  if (!code) throw new Error(`${page} has no TypeScript`);
  return code;
}

/** The README's library example, as a user copies it. */
export function libraryExample(): string {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code as string);
  if (blocks.length !== 1) throw new Error(`The README has ${blocks.length} blocks of TypeScript, expected 1`);
  return blocks[0] as string;
}
