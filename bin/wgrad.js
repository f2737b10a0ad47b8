#!/usr/bin/env node
import { existsSync } from 'node:fs';

// In a clone, the sources are authoritative: dist is built if it is missing or older than they are. The package contains only dist.
const clone = existsSync(new URL('../src/cli/main.ts', import.meta.url));
// The bench is a second build of the command that also contains the libraries that wgrad is compared with. The package does not include it.
const [, , first, second] = process.argv;
const program = clone && (first === 'help' ? second : first) === 'bench' ? 'bench' : 'cli';
if (clone) {
  const { buildWhenStale } = await import('./build.js');
  await buildWhenStale(program);
}
const { main } = await import(`../dist/${program}/main.js`);
await main(process.argv);
