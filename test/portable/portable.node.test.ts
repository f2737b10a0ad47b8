import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { driverNames, findDrivers, findHosts, hostNames, NoAdapter } from './hosts.ts';

// The short form of `npm run test:portable`, on the hosts on this machine besides Chrome: README and docs/browsers.md explain how
// to install them. In Chrome on SwiftShader, the other project's tests check the same and more: kernels/conv2d,
// training/torch, augment/augment_warp, training/determinism and training/normalized. Chrome runs only where there is no other host.

const [drivers, hosts] = await Promise.all([findDrivers(), findHosts()]);
const others = hosts.found.filter(({ name }) => name !== 'chrome');
const tested = others.length > 0 ? others : hosts.found;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(inject('folder'), 'portable-'));
  const configFile = new URL('../../vite.config.ts', import.meta.url).pathname;
  await build({ configFile, mode: 'portable-suite', logLevel: 'error', build: { outDir: folder } });
});

test('each host and driver is found, or the message says how to install it', () => {
  const missing = [...hosts.missing, ...drivers.missing].map(({ name }) => name);
  expect([...hosts.found.map(({ name }) => name), ...drivers.found.keys(), ...missing].sort()).toEqual(
    [...hostNames, ...driverNames].sort(),
  );
  for (const { name, install } of [...hosts.missing, ...drivers.missing]) console.log(`missing  ${name}: ${install}`);
});

describe.each(tested.map((host) => [host.name, host] as const))('%s', (_, host) => {
  test.each([...drivers.found].filter(([driver]) => !host.without[driver]))('on %s', async (driver, icd) => {
    const report = await host.run({ folder, short: true }, icd).catch((error) => {
      if (error instanceof NoAdapter && host.refuses[driver]) return undefined;
      throw error;
    });
    if (!report) return console.log(`left out ${host.name} on ${driver}: ${host.refuses[driver]}`);
    expect(report.parts.map(({ name }) => name)).toEqual(['kernels', 'networks', 'augmentation', 'determinism']);
    for (const { name, checks, failures } of report.parts) {
      expect(failures, name).toEqual([]);
      expect(checks, name).toBeGreaterThan(1);
    }
  });
});
