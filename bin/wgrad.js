#!/usr/bin/env node
import { existsSync } from 'node:fs';

// In a clone the sources are what counts: build them where dist is missing or older. The package has dist alone.
const clone = existsSync(new URL('../src/cli/main.ts', import.meta.url));
// The bench is the command once more, together with what wgrad is measured beside: nothing for the package.
const [, , first, second] = process.argv;
const program = clone && (first === 'help' ? second : first) === 'bench' ? 'bench' : 'cli';
if (clone) {
  const { buildWhenStale } = await import('./build.js');
  await buildWhenStale(program);
}
const { main } = await import(`../dist/${program}/main.js`);
await main(process.argv);
