import { describeAdapter } from '../index.ts';
import { AugmentationPanel } from './panels/augmentation.tsx';
import { DataPanel } from './panels/data.tsx';
import { EpochsPanel } from './panels/epochs.tsx';
import { GradientsPanel } from './panels/gradients.tsx';
import { ModelPanel, OptimizerPanel } from './panels/model.tsx';
import { ProfilePanel } from './panels/profile.tsx';
import { ResultsPanel } from './panels/results.tsx';
import { RunBar, TrainingPanel } from './panels/training.tsx';
import { TryPanel } from './panels/try.tsx';
import { TwinsPanel } from './panels/twins.tsx';
import { adapter, noGpu } from './state.ts';
import { NoWebGpu, Trouble } from './trouble.tsx';

/** What is trained, from its images to its network. */
const setup = [DataPanel, AugmentationPanel, ModelPanel, OptimizerPanel];
/** What comes of it. */
const outcome = [TrainingPanel, GradientsPanel, TwinsPanel, EpochsPanel, ResultsPanel, TryPanel, ProfilePanel];

export function Studio() {
  return (
    <>
      <header>
        <h1>wgrad</h1>
        <p class="tagline">A convolutional network learns in this browser, on shaders written by hand.</p>
        <Adapter />
      </header>
      {noGpu.value ? (
        <main id="main">
          <NoWebGpu />
        </main>
      ) : (
        <>
          <RunBar />
          <main id="main">
            <Trouble />
            <div class="setup">
              {setup.map((Each) => (
                <Each key={Each.name} />
              ))}
            </div>
            <div class="outcome">
              {outcome.map((Each) => (
                <Each key={Each.name} />
              ))}
            </div>
          </main>
        </>
      )}
    </>
  );
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
