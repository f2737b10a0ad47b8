import { readFileSync } from 'node:fs';

/** Version and description from package.json. */
export const { version, description }: { version: string; description: string } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);
