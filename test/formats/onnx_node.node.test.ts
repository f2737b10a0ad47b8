import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { probabilitiesOf } from './made_models.ts';
import { difference, type NodeTest, passed, read } from './onnx_node_tests.ts';

interface Cases {
  source: string;
  tests: Record<string, NodeTest>;
  /** Tests that are not in the fixture, with the reasons. */
  left: Record<string, string>;
}
const cases: Cases = JSON.parse(readFileSync(new URL('../fixtures/onnx_node.json', import.meta.url), 'utf8'));

/** The reason within an error: the statement about the node, or what was found. */
function reasonOf(message: string): string {
  const node = /no layer for: \S+ \((.+)\)\.\n/.exec(message)?.[1];
  if (node) return node.replace(/^the output, /, '');
  const [what, found] = message.split('\n  found: ');
  return `${what} (${found?.split('\n')[0]})`;
}

/** Pads each column to its widest cell, as the formatter does. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  return [line(rows[0]!), line(widths.map((width) => '-'.repeat(width))), ...rows.slice(1).map(line)];
}

test("the ONNX project's tests, imported and computed by the twin, give correct results; the table has the reason for each omitted one", async () => {
  const done: string[] = [];
  const left = { ...cases.left };
  for (const [name, one] of Object.entries(cases.tests)) {
    const network = read(one, name);
    if (typeof network === 'string') {
      left[name] = reasonOf(network).replaceAll(name, 'the file');
      continue;
    }
    expect(difference(probabilitiesOf(network, network.images), network.expected), name).toBeLessThan(1e-4);
    done.push(name);
  }
  expect(done).toHaveLength(passed);
  const rows = Object.entries(left).sort(([a], [b]) => (a < b ? -1 : 1));
  const table = [
    "# The ONNX project's tests",
    '',
    `These are the tests in ${cases.source}, for the operators that wgrad can import: ${done.length} pass, ${rows.length} are skipped, none fails.`,
    '`wgrad import` reads each model, and the GPU and the float64 twin compute it. A wgrad network maps floats to floats, with one image or',
    'vector per sample, so tests with integers or other shapes, and tests that combine samples, cannot be expressed as networks.',
    'Adam, Momentum, Nesterov and Adagrad are compared with the optimizers in `test/kernels/optimizers.gpu.test.ts`.',
    '',
    'This file is written by `npx vitest run --project node test/formats/onnx_node.node.test.ts -u`.',
    '',
    '## Skipped',
    '',
    ...aligned([['test', 'reason'], ...rows]),
    '',
    '## Passed',
    '',
    done.join(', '),
    '',
  ];
  await expect(table.join('\n')).toMatchFileSnapshot('../../docs/onnx-tests.md');
});
