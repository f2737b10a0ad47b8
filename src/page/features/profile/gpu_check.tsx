import { signal } from '@preact/signals';
import { proxy } from 'comlink';
import type { ErrorParts } from '../../../errors.ts';
import { count, counted, figure } from '../../../figures.ts';
import type { SelfTestCheck } from '../../../index.ts';
import { checkedKernels } from '../../../selftest/checked_kernels.ts';
import { noGpu } from '../../app/state.ts';
import { training } from '../../app/worker_client.ts';
import { ColumnNames } from '../../ui/column_names.tsx';
import { download } from '../../ui/download.ts';
import { Refused } from '../../ui/error_facts.tsx';
import { Scroll } from '../../ui/scroll.tsx';
import type { GpuReport } from './gpu_check_worker.ts';

/** Checks that this GPU computes correctly: every kernel is compared with the same formula in float64. */

const report = signal<GpuReport | undefined>();
const refused = signal<ErrorParts | undefined>();
/** Number of completed checks; undefined if no check is running. */
const progress = signal<{ done: number; total: number } | undefined>();
const only = signal('');

async function check(): Promise<void> {
  if (progress.peek()) return;
  progress.value = { done: 0, total: 0 };
  report.value = undefined;
  refused.value = undefined;
  try {
    report.value = await training.checkGpu(
      only.peek().trim(),
      proxy((_: SelfTestCheck, done: number, total: number) => {
        progress.value = { done, total };
      }),
    );
  } catch (error) {
    refused.value = error as ErrorParts;
  } finally {
    progress.value = undefined;
  }
}

function save(): void {
  const text = `${JSON.stringify(report.peek())}\n`;
  download(new Blob([text], { type: 'application/json' }), 'wgrad-gpu-check.json');
}

export function GpuCheck() {
  const now = progress.value;
  return (
    <section class="gpu-check" aria-labelledby="gpu-check-title">
      <h3 id="gpu-check-title">Check this GPU</h3>
      <p class="facts">
        Runs every kernel and a few steps of a small network, and compares the numbers with the same formulas in
        float64. It takes seconds on a GPU and about a minute on the CPU. Try it first if training gives strange
        numbers.
      </p>
      <div class="row">
        <label for="check-only">Kernels</label>
        <input
          id="check-only"
          type="text"
          placeholder="all, or part of a name: conv2d"
          spellcheck={false}
          value={only.value}
          onInput={({ currentTarget }) => {
            only.value = currentTarget.value;
          }}
        />
        {now ? (
          <button id="stop-check" type="button" onClick={() => training.stopCheck()}>
            Stop
          </button>
        ) : (
          <button id="check-gpu" type="button" disabled={Boolean(noGpu.value)} onClick={check}>
            {report.value ? 'Check again' : 'Check this GPU'}
          </button>
        )}
        {report.value && (
          <button id="save-check" type="button" title="JSON, to attach to a bug report" onClick={save}>
            Save report
          </button>
        )}
      </div>
      {now && (
        <div class="row">
          <progress {...(now.total > 0 && { value: now.done, max: now.total })} aria-label="Checking this GPU" />
          <span class="facts">
            {now.total > 0 ? `${count(now.done)} of ${counted(now.total, 'check')}` : 'Opening the GPU…'}
          </span>
        </div>
      )}
      <p class={report.value?.passed === false ? 'cut' : 'facts'} role="status">
        {report.value && sentence(report.value)}
      </p>
      {refused.value && <Refused {...refused.value} />}
      {report.value && report.value.checks.length > 0 && <Kernels {...report.value} />}
    </section>
  );
}

function sentence({ checks, planned, passed, seconds }: GpuReport): string {
  const time = `in ${figure(seconds)} s`;
  if (passed) return `All ${counted(planned, 'check')} passed ${time}.`;
  const failed = checks.filter((check) => !check.passed).length;
  if (failed === 0) return `Stopped after ${count(checks.length)} of ${counted(planned, 'check')}: all of them passed.`;
  return (
    `${count(failed)} of ${counted(checks.length, 'check')} failed ${time}: this GPU, its driver or the browser gives results that ` +
    'WebGPU does not allow. Update the driver and the browser, and attach the saved report to a bug report.'
  );
}

/** A row for each kernel. Those that failed come first, with their errors. */
function Kernels({ checks }: GpuReport) {
  const kernels = checkedKernels(checks).sort((a, b) => Number(b.failed > 0) - Number(a.failed > 0));
  return (
    <Scroll labelledBy="gpu-check-title">
      <table id="checked-kernels" class="checked-kernels">
        <ColumnNames names={['kernel', 'checks', 'largest error, of its bound', 'result']} />
        <tbody>
          {kernels.map(({ name, checks: all, failed, share }) => (
            <tr key={name} class={failed > 0 ? 'failed' : ''}>
              <th scope="row">
                {name}
                {failed > 0 && <WhatFailed checks={checks.filter((check) => check.name === name && !check.passed)} />}
              </th>
              <td>{count(all)}</td>
              <td>{share === undefined ? '–' : `${figure(100 * share)} %`}</td>
              <td>{failed > 0 ? `${count(failed)} failed` : 'passed'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

const WhatFailed = ({ checks }: { checks: readonly SelfTestCheck[] }) => (
  <ul class="facts">
    {checks.map(({ variant, error, shape }, i) => (
      <li key={i}>{`${[variant, error, shape].filter(Boolean).join('; ')}`}</li>
    ))}
  </ul>
);
