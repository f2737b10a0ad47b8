import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import type { ErrorParts } from '../../../errors.ts';
import { count, figure, roughFigure } from '../../../figures.ts';
import { chromeTrace, type DispatchProfile, type Phase, type TrainingProfile } from '../../../index.ts';
import { datasetTitle } from '../../app/dataset_titles.ts';
import { adapter, settled } from '../../app/state.ts';
import { training } from '../../app/worker_client.ts';
import { download } from '../../ui/download.ts';
import { Refused } from '../../ui/error_facts.tsx';
import { onDemand } from '../../ui/lazy.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Scroll } from '../../ui/scroll.tsx';
import { plannedRequest } from '../run/model.ts';
import { isReady } from '../run/state.ts';
import './style.css';

const GpuCheck = onDemand(async () => (await import('./gpu_check.tsx')).GpuCheck);

/** Only for a page that is served from its sources. */
const ShaderUpdates = import.meta.env.DEV
  ? onDemand(async () => (await import('./shader_updates.tsx')).ShaderUpdates)
  : undefined;

const profiled = signal<{ profile: TrainingProfile; of: string } | undefined>();
const refused = signal<ErrorParts | undefined>();
const isBusy = signal(false);

const rounds = 5;

const headings: Record<Phase, string> = {
  input: 'Images of the batch',
  forward: 'Forward',
  backward: 'Backward',
  update: 'Norms and update',
};

async function time(): Promise<void> {
  if (isBusy.peek()) return;
  isBusy.value = true;
  refused.value = undefined;
  const about = settled.peek();
  try {
    const request = plannedRequest();
    if (!request) return;
    const profile = await training.profile(request, rounds);
    const model = typeof about.model === 'string' ? about.model : 'a custom model';
    profiled.value = { profile, of: `${model} on ${datasetTitle(about.dataset)}, batch ${about.batchSize}` };
  } catch (error) {
    refused.value = error as ErrorParts;
  } finally {
    isBusy.value = false;
  }
}

function save(): void {
  if (!profiled.value) return;
  const { profile, of } = profiled.value;
  const device = adapter.value?.description || adapter.value?.vendor || '';
  const trace = chromeTrace(profile, `wgrad, ${of}${device && `, ${device}`}`);
  download(new Blob([JSON.stringify(trace)], { type: 'application/json' }), 'wgrad-step.trace.json');
}

/** The time of a training step, dispatch by dispatch. */
export function ProfilePanel() {
  const shown = profiled.value;
  return (
    <Panel id="profile" title="Profile">
      <div class="row">
        <button id="time" type="button" disabled={!isReady.value} aria-disabled={isBusy.value} onClick={time}>
          {isBusy.value ? 'Timing…' : 'Profile one step'}
        </button>
        {shown && (
          <button id="save-trace" type="button" title="For ui.perfetto.dev or chrome://tracing" onClick={save}>
            Save as Chrome trace
          </button>
        )}
      </div>
      <p class="facts" role="status">
        {shown
          ? sentence(shown)
          : 'One bar per GPU dispatch of a step of the current experiment, each with the WGSL that ran.'}
      </p>
      {refused.value && <Refused {...refused.value} />}
      {shown && <Dispatches {...shown.profile} />}
      {ShaderUpdates && <ShaderUpdates />}
      <GpuCheck />
    </Panel>
  );
}

/** The dispatch whose shader is shown: its phase and its number. */
const opened = signal<string | undefined>();
const toggle = (which: string) => {
  opened.value = opened.peek() === which ? undefined : which;
};

/** The WGSL of a dispatch as it was compiled. */
function Shader({
  name,
  wgsl,
  constants,
  workgroups,
  repeats,
}: Pick<DispatchProfile, 'name' | 'wgsl' | 'constants' | 'workgroups' | 'repeats'>) {
  const [said, setSaid] = useState('');
  const copy = async () =>
    setSaid(
      await navigator.clipboard.writeText(wgsl).then(
        () => 'Copied',
        () => 'The browser refused: select the text and copy it',
      ),
    );
  const values = Object.entries(constants).map(([constant, value]) => `${constant} = ${figure(value)}`);
  return (
    <div class="wgsl">
      <div class="row">
        <span class="facts">
          {`${name}.wgsl, ${workgroups.map(count).join(' × ')} workgroups${repeats > 1 ? `, timed ${count(repeats)} at once` : ''}. ` +
            (values.length > 0 ? `Override constants: ${values.join(', ')}.` : '')}
        </span>
        <span class="facts" role="status">
          {said}
        </span>
        <button id="copy-wgsl" type="button" class="quiet" onClick={copy}>
          Copy WGSL
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scrollable content must be reachable by keyboard */}
      <section class="code" tabIndex={0} aria-label={`WGSL of ${name}`}>
        <pre>
          <code>{highlighted(indented(wgsl))}</code>
        </pre>
      </section>
    </div>
  );
}

/** The build removes indentation, so the lines are indented again, and a function or structure is set apart by an empty line. */
function indented(wgsl: string): string {
  let depth = 0;
  const lines: string[] = [];
  for (const line of wgsl.split('\n').map((it) => it.trim())) {
    if (line === '') continue;
    const [opened, closed] = [line.split(/[{(]/).length, line.split(/[})]/).length];
    if (depth === 0 && lines.length && /^(@compute|struct|fn)\b/.test(line)) {
      if (!lines.at(-1)!.startsWith('@compute')) lines.push('');
    }
    lines.push('  '.repeat(Math.max(0, depth - (/^[})]/.test(line) ? 1 : 0))) + line);
    depth = Math.max(0, depth + opened - closed);
  }
  return lines.join('\n');
}

/** Shows comments in gray and keywords in bold. */
const highlighted = (wgsl: string) =>
  wgsl.split('\n').map((line, i) => {
    const [, code, comment] = /^(.*?)(\/\/.*)?$/.exec(line) as unknown as [string, string, string?];
    const words = code.split(/\b(fn|let|var|const|override|struct|for|if|else|return|while|loop|break|continue)\b/);
    return (
      <span key={i}>
        {words.map((word, at) => (at % 2 ? <b key={at}>{word}</b> : word))}
        {comment && <i>{comment}</i>}
        {'\n'}
      </span>
    );
  });

function Dispatches({ dispatches, stepMicroseconds }: TrainingProfile) {
  const longest = Math.max(...dispatches.map(({ microseconds }) => microseconds));
  return (
    <Scroll labelledBy="profile-title">
      <table class="dispatches">
        <thead>
          <tr>
            <th scope="col">dispatch</th>
            <td />
            {['µs', 'share', 'GFLOP/s', 'GB/s'].map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        {(Object.keys(headings) as Phase[]).map((phase) => {
          const rows = dispatches.filter((dispatch) => dispatch.phase === phase);
          const sum = rows.reduce((total, { microseconds }) => total + microseconds, 0);
          return (
            <tbody key={phase}>
              <tr class="phase">
                <th scope="rowgroup" colSpan={2}>
                  {headings[phase]}
                </th>
                <td>{microsecondsText(sum)}</td>
                <td>{share(sum / stepMicroseconds)}</td>
                <td class="rest" colSpan={2} />
              </tr>
              {rows.map(({ name, layer, microseconds, gflops, gbps, share: part, ...dispatch }, i) => [
                <tr key={i}>
                  <th scope="row">
                    <button
                      type="button"
                      class="dispatch"
                      aria-expanded={opened.value === `${phase} ${i}`}
                      title="Show its WGSL"
                      onClick={() => toggle(`${phase} ${i}`)}
                    >
                      {name} <span class="layer">{layer}</span>
                    </button>
                  </th>
                  <td class="bar">
                    <meter min={0} max={longest} value={microseconds} aria-hidden="true" />
                  </td>
                  <td>{microsecondsText(microseconds)}</td>
                  <td>{share(part)}</td>
                  <td class="rate" data-unit="GFLOP/s">
                    {rate(gflops)}
                  </td>
                  <td class="rate" data-unit="GB/s">
                    {rate(gbps)}
                  </td>
                </tr>,
                opened.value === `${phase} ${i}` && (
                  <tr key={`${i} wgsl`} class="shader">
                    <td colSpan={6}>
                      <Shader name={name} {...dispatch} />
                    </td>
                  </tr>
                ),
              ])}
            </tbody>
          );
        })}
      </table>
    </Scroll>
  );
}

const microsecondsText = (time: number) => count(time < 1000 ? Number(time.toPrecision(3)) : Math.round(time));
const rate = (value: number | undefined) => (!value ? '–' : value < 0.001 ? '< 0.001' : roughFigure(value));
const share = (part: number) => `${(100 * part).toFixed(1)} %`;

function sentence({ profile, of }: { profile: TrainingProfile; of: string }): string {
  const { dispatches, dispatchesPerStep, stepMicroseconds, unprofiledStepMicroseconds, rounded } = profile;
  const noisy = dispatches.filter(({ isNoisy }) => isNoisy).length;
  return (
    `${of}: ${count(dispatchesPerStep)} dispatches, ${figure(stepMicroseconds / 1000)} ms, each in a separate pass; ` +
    `${figure(unprofiledStepMicroseconds / 1000)} ms in one pass, as in training. ` +
    (noisy > 0 ? `${count(noisy)} of them varied by more than a quarter from round to round. ` : '') +
    (rounded
      ? `Timestamps are rounded to ${figure(profile.timestampResolutionNs / 1000)} µs here: short dispatches were repeated.`
      : 'Timestamps are not rounded here.')
  );
}
