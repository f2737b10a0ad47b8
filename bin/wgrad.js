#!/usr/bin/env node
import { existsSync } from 'node:fs';

// In a clone the sources are what counts: build them where dist is missing or older. The package has dist alone.
if (existsSync(new URL('../src/cli/main.ts', import.meta.url))) {
  const { buildWhenStale } = await import('./build.js');
  await buildWhenStale();
}
const { main } = await import('../dist/cli/main.js');
await main(process.argv);
