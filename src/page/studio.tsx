import { describeAdapter } from '../index.ts';
import { adapter, isKeptOffline, noGpu } from './app/state.ts';
import { AugmentationPanel } from './features/augmentation/panel.tsx';
import { DropTarget } from './features/data/drop_target.tsx';
import { DataPanel } from './features/data/panel.tsx';
import { GradientsPanel } from './features/map/panel.tsx';
import { ModelPanel } from './features/model/panel.tsx';
import { PageError } from './features/run/error.tsx';
import { RunBar } from './features/run/panel.tsx';
import { run } from './features/run/state.ts';
import { GoalsPanel } from './features/training/goals.tsx';
import { OptimizerPanel } from './features/training/optimizer.tsx';
import { TrainingPanel } from './features/training/panel.tsx';
import { fetched } from './ui/fetched_code.ts';
import { later, onDemand } from './ui/lazy.tsx';

const repository = 'https://github.com/wgrad/wgrad';

/** Where WebGPU is, nobody needs it. */
const NoWebGpu = onDemand(async () => (await import('./no_webgpu.tsx')).NoWebGpu);

/** What is trained, from its images to its network. */
const setup = [DataPanel, AugmentationPanel, ModelPanel, OptimizerPanel, GoalsPanel];
/** What is needed when something was trained. */
export const afterTraining = fetched(() => import('./after_training.tsx'));
/** What this browser keeps, runs and the page itself: asked for when the page is ready. */
export const kept = fetched(() => import('./kept.tsx'));
/** What comes of it. Below the first screen, what isn't needed to begin. */
const outcome = [
  TrainingPanel,
  GradientsPanel,
  later(
    afterTraining,
    ({ AfterTraining }) => AfterTraining,
    'Below: twins, epochs, results, a run from a file, a field to draw in, the profile.',
    { isWanted: () => run.value !== undefined },
  ),
];

export function Studio() {
  return (
    <>
      <header>
        <h1>wgrad</h1>
        <p class="tagline">A convolutional network learns in this browser, on shaders written by hand.</p>
        <Adapter />
        {isKeptOffline.value && (
          <p
            id="offline"
            class="adapter"
            title="This browser keeps the whole page: it opens and trains without a network"
          >
            Works offline
          </p>
        )}
        <nav aria-label="About wgrad">
          <a href={`${repository}#readme`}>Documentation</a>
          <a href={repository}>Source</a>
        </nav>
      </header>
      <DropTarget />
      {noGpu.value ? (
        <main id="main">
          <NoWebGpu />
        </main>
      ) : (
        <>
          <RunBar />
          <button type="button" class="skip" onClick={skipSetup}>
            On to the training
          </button>
          <main id="main">
            <PageError />
            {kept.code.value && <kept.code.value.LastRun />}
            <div class="setup">
              {setup.map((Each, place) => (
                <Each key={place} />
              ))}
            </div>
            <div id="outcome" class="outcome" tabIndex={-1}>
              {outcome.map((Each, place) => (
                <Each key={place} />
              ))}
            </div>
          </main>
        </>
      )}
    </>
  );
}

function skipSetup(): void {
  const outcome = document.getElementById('outcome');
  outcome?.focus({ preventScroll: true });
  // It is higher than the window, of which the browser would show any part.
  outcome?.scrollIntoView();
}

function Adapter() {
  const facts = adapter.value;
  const text = noGpu.value ? 'no GPU' : facts ? describeAdapter(facts) : 'Looking for a GPU…';
  return (
    <p id="adapter" class={facts?.software ? 'adapter software' : 'adapter'}>
      {text}
    </p>
  );
}
