import { signal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';
import type { ErrorParts } from '../../../errors.ts';
import { figure } from '../../../figures.ts';
import { changeText, checkedText, wrongText } from '../../../selftest/change_text.ts';
import type { ChangeReport } from '../../../selftest/changed_shader.ts';
import { training } from '../../app/worker_client.ts';
import { Refused } from '../../ui/error_facts.tsx';
import { plannedRequest } from '../run/model.ts';

/** The last saved shader and its report, which is missing while the shader is being checked. */
const latest = signal<{ path: string; report?: ChangeReport; refused?: ErrorParts } | undefined>();

async function saved({ path, text }: { path: string; text: string }): Promise<void> {
  const request = plannedRequest();
  if (!request) return;
  const mine = { path };
  latest.value = mine;
  const outcome = await training.shaderSaved(path, text, request).then(
    (report) => ({ report }),
    (refused: ErrorParts) => ({ refused }),
  );
  if (latest.peek() === mine) latest.value = { path, ...outcome };
}

/** Shows the results for shaders that are saved while `wgrad dev` serves the page from its sources. */
export function ShaderUpdates() {
  useLayoutEffect(() => {
    // The event's name is defined in src/cli/shader_updates.ts, which cannot be imported here because it needs Node.
    import.meta.hot?.on('wgrad:shader', saved);
    return () => import.meta.hot?.off('wgrad:shader', saved);
  }, []);
  const { path, report, refused } = latest.value ?? {};
  const state = report ? sentence(report) : refused ? 'not checked' : 'checking…';
  return (
    <section id="shader-update" aria-label="The shader that was saved last">
      <p class={report && isBad(report) ? 'cut' : 'facts'} role="status">
        {path ? `${path}: ${state}` : 'A shader that you save in the folder shaders is checked and timed here.'}
      </p>
      {report && isBad(report) && <pre>{report.doesNotCompile ?? wrongText(report).slice(1).join('\n')}</pre>}
      {report?.times.map((time, i) => (
        <p key={i} class="facts">
          {`${[time.kernel, ...time.layers].join(' ')}: ${figure(time.before)} µs before, ${figure(time.now)} µs now, ${changeText(time)}`}
        </p>
      ))}
      {refused && <Refused {...refused} />}
    </section>
  );
}

const isBad = ({ doesNotCompile, wrong }: ChangeReport) => doesNotCompile !== undefined || wrong.length > 0;

function sentence(report: ChangeReport): string {
  if (report.doesNotCompile) return 'it does not compile';
  if (report.wrong.length > 0) return wrongText(report)[0]!;
  if (report.checks === 0) {
    return 'no check uses it; if it is new, import it in a launch in src/kernels, then start wgrad again';
  }
  return `${checkedText(report)}. Load the page again to train with it.`;
}
