import { effect } from '@preact/signals';
import { render } from 'preact';
import type { ErrorParts } from '../errors.ts';
import { installAugmentationCheck } from './app/augmentation_check.ts';
import { embed } from './app/embed.ts';
import { adapter, noGpu, pageError, status } from './app/state.ts';
import { followUrl } from './app/url.ts';
import { connectWorker, threadFailed, training } from './app/worker_client.ts';
import { installPreview } from './features/augmentation/model.ts';
import { installAugmentationFacts } from './features/augmentation/pipeline.tsx';
import { installCleaning } from './features/data/cleaning.tsx';
import { installDropTarget } from './features/data/drop_target.tsx';
import { installDataset } from './features/data/model.ts';
import { installWaitingFiles } from './features/data/user_files.ts';
import { showSample } from './features/experiments/sample_run.ts';
import { followMotion } from './features/network/panel.tsx';
import { installRun } from './features/run/model.ts';
import { installQuiz } from './features/run/quiz.ts';
import { installRunTime } from './features/run/run_time.ts';
import { installShownStep } from './features/run/shown_step.ts';
import { installTwins } from './features/run/start.ts';
import { installRunState, isReady, run } from './features/run/state.ts';
import { guardUnsaved } from './features/run/unsaved.ts';
import { followDarkness } from './plots/relative_scale.ts';
import { afterTraining, kept, Studio } from './studio.tsx';
import { failedFetch, fetchFailed } from './ui/fetched_code.ts';
import { onDemand } from './ui/lazy.tsx';
import { followWidth } from './ui/panel.tsx';

/** The only module with side effects: it starts effects, listeners, timers and the worker. All other modules only contain definitions. */

const thread = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'training' });
connectWorker(thread);
thread.addEventListener('error', ({ message }) => {
  const failure = {
    what: 'The thread that trains has failed',
    found: message || 'no message from the browser',
    fix: 'reload this page: saved runs are still available',
  };
  const shown = run.value;
  if (shown) shown.hasFailed = true;
  shown?.end();
  threadFailed(failure);
  pageError.value = failure;
});

/** The embedded page, whose parts are chosen in the URL. */
const Embedded = onDemand(async () => (await import('./embedded.tsx')).Embedded);

installRunState();
followUrl(() => {
  if (!run.value?.isUnderWay.value) status.value = { is: 'idle' };
});
followWidth();
followDarkness();
followMotion();
installDropTarget();
installAugmentationCheck();
installAugmentationFacts();
installPreview();
installCleaning();
installWaitingFiles();
installRun();
installRunTime();
if (!embed) guardUnsaved();
// Chunks that are loaded later install their own effects.
effect(() => afterTraining.code.value?.installAfterTraining());
effect(() => kept.code.value?.installKept());
// A single error stands for all chunks that could not be loaded; it disappears when the last of them has been.
effect(() => {
  const found = failedFetch.value;
  if (found === undefined) {
    if (pageError.peek()?.retry === fetchFailed) pageError.value = undefined;
    return;
  }
  pageError.value = {
    what: 'Part of this page could not be loaded. Your run is safe',
    found,
    fix: 'check the network connection: the page tries again by itself',
    retry: fetchFailed,
  };
});
// When the page is ready, the training code is loaded, so that Train need not wait for it, and then the code that saves runs.
// Repeated calls load nothing.
effect(() => {
  if (!isReady.value) return;
  training
    .prepare()
    .catch(() => undefined) // Train retries, and reports the error
    // An embedded page saves nothing, because it is only for viewing.
    .then(() => (embed ? undefined : kept.fetch()));
});

installShownStep();
installQuiz();
installTwins(async (twin, pairs) => (await import('./features/twins/model.ts')).trainTwins(twin, pairs));
showSample();
const place = document.getElementById('studio')!;
place.replaceChildren(); // removes the title, which is shown until then
render(embed ? <Embedded /> : <Studio />, place);

/** Not awaited here, because chunks that are loaded later would wait for it. */
async function openGpu(): Promise<void> {
  try {
    if (!navigator.gpu) throw { what: 'This browser has no WebGPU' } satisfies ErrorParts;
    adapter.value = await training.open();
    installDataset();
  } catch (error) {
    noGpu.value = error as ErrorParts;
  }
}

openGpu();
