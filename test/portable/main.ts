import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../../src/cli/tables.ts';
import { figure } from '../../src/figures.ts';
import { driverNames, findDrivers, findHosts, NoAdapter, pageJourney } from './hosts.ts';
import type { PortableReport } from './suite.ts';

// npm run test:portable: the same checks on every WebGPU implementation and driver on this machine.
// npm run test:portable -- --short --only firefox --json report.json

const { values } = parseArgs({
  options: {
    /** Runs a subset of the kernels, networks and warps. */
    short: { type: 'boolean', default: false },
    /** A single host: chrome, firefox, dawn or deno. */
    only: { type: 'string' },
    /** Output file for all reports. */
    json: { type: 'string' },
  },
});

const folder = join(import.meta.dirname, '../portable-suite');
const page = join(import.meta.dirname, '../page');
const drivers = await findDrivers();
const hosts = await findHosts();
for (const { name, install } of [...drivers.missing, ...hosts.missing]) console.log(`missing  ${name}: ${install}`);
const chosen = hosts.found.filter(({ name }) => values.only === undefined || name === values.only);
if (chosen.length === 0 || drivers.found.size === 0) {
  console.error(
    values.only === undefined ? 'There is no host or no driver to test on.' : `There is no host ${values.only} here.`,
  );
  process.exit(3);
}

interface Row {
  host: string;
  driver: string;
  report?: PortableReport;
  /** The page's final status. */
  journey?: string;
  error?: string;
}

const rows: Row[] = [];
for (const host of chosen) {
  for (const driver of driverNames) {
    const icd = drivers.found.get(driver);
    if (!icd) continue;
    const row: Row = { host: `${host.name} ${host.version}`, driver };
    const reason = host.without[driver];
    if (reason) {
      console.log(`left out ${row.host} on ${driver}: ${reason}`);
      continue;
    }
    try {
      row.report = await host.run({ folder, short: values.short }, icd);
      if (host.open) row.journey = await pageJourney(host, icd, page);
    } catch (error) {
      const refused = error instanceof NoAdapter && host.refuses[driver];
      if (refused) {
        console.log(`left out ${row.host} on ${driver}: ${refused}`);
        continue;
      }
      row.error = error instanceof Error ? error.message : String(error);
    }
    rows.push(row);
    const failures = (row.report?.parts ?? []).flatMap((part) => part.failures.map((line) => `${part.name}: ${line}`));
    const wrong = [...failures, ...(row.error ? [row.error] : [])];
    console.log(`${wrong.length === 0 ? 'passed   ' : 'FAILED   '}${row.host} on ${driver}`);
    for (const line of wrong) console.log(`         ${line}`);
  }
}

/** "336, 41 %": the number of checks and the largest error as a fraction of its bound, or the number of failures. */
function cell({ report }: Row, name: string): string {
  const part = report?.parts.find((each) => each.name === name);
  if (!part) return '-';
  const { checks, failures, share } = part;
  return failures.length > 0 ? `${failures.length} of ${checks} FAILED` : `${checks}, ${figure(100 * share)} %`;
}

const parts = ['kernels', 'networks', 'augmentation', 'determinism'];
console.log(
  table(
    ['host', 'driver', ...parts, 'bits', 'page', 'seconds'],
    rows.map((row) => [
      ...[row.host, row.driver],
      ...parts.map((name) => cell(row, name)),
      row.report?.bits ?? '-',
      row.journey ? 'trains' : row.error && row.report ? 'FAILED' : '-',
      row.report ? figure(row.report.seconds) : '-',
    ]),
    parts.length + 2,
  ),
);
console.log('Each part: how many checks passed, and the largest error as a share of what float32 allows.');
if (values.json) writeFileSync(values.json, `${JSON.stringify(rows, undefined, 2)}\n`);
const failed = rows.some(({ report, error }) => error || report?.parts.some(({ failures }) => failures.length > 0));
process.exit(failed ? 1 : 0);
