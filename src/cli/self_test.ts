import type { Command } from 'commander';
import { WgradError } from '../errors.ts';
import { count, counted, figure } from '../figures.ts';
import type { SelfTestCheck, SelfTestReport } from '../index.ts';
import { checkedKernels } from '../selftest/checked_kernels.ts';
import { type AdapterOptions, addAdapterOptions, tensorCoresOption } from './adapter_options.ts';
import { Bar } from './bar.ts';
import type { SelfTestProgress } from './headless/protocol.ts';
import { version } from './package_facts.ts';
import { table } from './tables.ts';
import { adapterLine } from './training_report.ts';
import { jsonOption } from './values.ts';
import { writeJson } from './whole_file.ts';
import { withSession } from './with_session.ts';

interface SelfTestCommandOptions extends AdapterOptions {
  only?: string;
  json?: string;
}

/** `wgrad selftest` */
export function addSelfTestCommand(wgrad: Command): void {
  addAdapterOptions(
    wgrad
      .command('selftest')
      .description(
        "check this machine's GPU: compare every kernel and a small network with the same formulas in float64",
      ),
  )
    .addOption(tensorCoresOption())
    .option('--only <text>', 'run only the checks whose name contains this text, for example conv2d')
    .addOption(jsonOption('write the report as JSON, for a bug report'))
    .action(selfTestCommand);
}

async function selfTestCommand(options: SelfTestCommandOptions): Promise<void> {
  const { only, json, adapter, host, chrome, browserTimeout, yes, tensorCores = false } = options;
  const bar = new Bar('{bar} {value}/{total} checks', process.stderr);
  const opening = {
    ...{ adapter, host, chrome, browserTimeout, yes, tensorCores, report: console.error },
    datasets: () => {
      throw new Error('the self-test needs no data set');
    },
    tell: (events: SelfTestProgress[]) => {
      for (const { done, total } of events) bar.update(done, total, {});
    },
  };
  const { report, chromeVersion } = await withSession(opening, async (session) => {
    console.log(adapterLine(session.adapter));
    bar.start();
    try {
      const report = await session.call('selfTest', {
        adapter: session.kind,
        tensorCores,
        ...(only !== undefined && { only }),
      });
      return { report, chromeVersion: session.version };
    } finally {
      bar.stop();
    }
  });
  console.log(selfTestTable(report.checks));
  for (const line of failures(report)) console.log(line);
  console.log(summary(report));
  if (json !== undefined) writeJson(json, { wgrad: version, chrome: chromeVersion, ...report });
  if (!report.passed) {
    const failed = report.checks.filter(({ passed }) => !passed).length;
    throw new WgradError({
      what: 'This GPU, its driver or the browser gives results that WebGPU does not allow',
      found: `${failed} of ${counted(report.planned, 'check')} failed`,
      fix: 'update the driver and the browser, compare with --adapter software, and report it with the file of --json',
    });
  }
}

/** A row for each kernel: the number of its checks, their largest difference, and whether all passed. */
export function selfTestTable(checks: readonly SelfTestCheck[]): string {
  const rows = checkedKernels(checks).map(({ name, checks, share, failed }) => [
    name,
    count(checks),
    share === undefined ? '' : `${figure(100 * share)} %`,
    failed > 0 ? `${failed} FAILED` : 'passed',
  ]);
  return table(['kernel', 'checks', 'largest error, of its bound', 'result'], rows);
}

/** Maximum number of failures that are printed: the JSON has all. */
const mostFailures = 10;

function* failures({ checks }: SelfTestReport): Generator<string> {
  const failed = checks.filter(({ passed }) => !passed);
  for (const { name, variant, error } of failed.slice(0, mostFailures)) {
    yield `failed   ${name}${variant && ` (${variant})`}: ${error}`;
  }
  if (failed.length > mostFailures) yield `         and ${failed.length - mostFailures} more`;
}

function summary({ checks, planned, passed, seconds }: SelfTestReport): string {
  const done =
    checks.length < planned ? `${count(checks.length)} of ${count(planned)} checks` : counted(planned, 'check');
  return `selftest ${done} in ${figure(seconds)} s: ${passed ? 'all passed' : 'not all passed'}`;
}
