import { noGpu, view } from './app/state.ts';
import { AugmentationPanel } from './features/augmentation/panel.tsx';
import { DropTarget } from './features/data/drop_target.tsx';
import { DataPanel } from './features/data/panel.tsx';
import { NextStep } from './features/experiments/next_step.tsx';
import { Experiments } from './features/experiments/panel.tsx';
import { LessonMenu } from './features/lessons/menu.tsx';
import { GradientsPanel } from './features/map/panel.tsx';
import { ModelPanel } from './features/model/panel.tsx';
import { NetworkPanel } from './features/network/panel.tsx';
import { PageError } from './features/run/error.tsx';
import { RunBar } from './features/run/panel.tsx';
import { isSample } from './features/run/shown_run.ts';
import { run } from './features/run/state.ts';
import { GoalsPanel } from './features/training/goals.tsx';
import { OptimizerPanel } from './features/training/optimizer.tsx';
import { TrainingPanel } from './features/training/panel.tsx';
import { Header } from './header.tsx';
import { fetched } from './ui/fetched_code.ts';
import { later, onDemand } from './ui/lazy.tsx';
import { isWide } from './ui/panel.tsx';

/** Loaded on demand, because most browsers have WebGPU. */
const NoWebGpu = onDemand(async () => (await import('./no_webgpu.tsx')).NoWebGpu);

/** Loaded on demand, because few visitors open a lesson. */
const Lesson = onDemand(async () => (await import('./features/lessons/panel.tsx')).LessonPanel);

/** Loaded on demand, because there is no verdict before a run. */
const Cure = onDemand(async () => (await import('./features/map/run_verdict.tsx')).Cure);

/** The experiment's settings, from its images to its network. */
const setup = [ModelPanel, DataPanel, OptimizerPanel, AugmentationPanel, GoalsPanel];
/** Panels that are useful only after training. */
export const afterTraining = fetched(() => import('./after_training.tsx'));
/** The code that saves runs and caches the page; loaded when the page is ready. */
export const kept = fetched(() => import('./kept.tsx'));
/** The run and its results, on the first screen. */
const outcome = [NetworkPanel, GradientsPanel, TrainingPanel];
/** Panels that are not needed at first. */
const Later = later(
  afterTraining,
  ({ AfterTraining }) => AfterTraining,
  'Below: twins, epochs, results, a run from a file, a field to draw in, the profile.',
  { isWanted: () => run.value !== undefined },
);

export function Studio() {
  const lesson = view.value.lesson !== undefined && <Lesson key="lesson" />;
  const settings = (
    <div key="setup" class="setup">
      {isWide.value && lesson}
      {setup.map((Each, place) => (
        <Each key={place} />
      ))}
    </div>
  );
  const below = <Later key="later" />;
  const column = (
    <div key="column" class="column">
      <RunBar action={afterTraining.code.value && <afterTraining.code.value.DrawerButton />}>
        {/* A lesson has its own order. */}
        {!lesson && (
          <NextStep openTry={afterTraining.code.value?.openDrawer}>
            <Cure />
          </NextStep>
        )}
      </RunBar>
      <div id="outcome" class="outcome" tabIndex={-1}>
        {outcome.map((Each, place) => (
          <Each key={place} />
        ))}
        {isWide.value && below}
      </div>
    </div>
  );
  return (
    <>
      <Header>{afterTraining.code.value && <afterTraining.code.value.ExportMenu />}</Header>
      <DropTarget />
      {noGpu.value ? (
        <main id="main">
          <NoWebGpu />
          {isSample.value && (
            <div class="sample-only">
              <NetworkPanel />
              <GradientsPanel />
            </div>
          )}
        </main>
      ) : (
        <>
          {!lesson && (
            <Experiments>
              <LessonMenu />
            </Experiments>
          )}
          <button type="button" class="skip" onClick={skipSetup}>
            Skip to training
          </button>
          <main id="main">
            <PageError />
            {kept.code.value && <kept.code.value.LastRun />}
            {isWide.value ? [settings, column] : [lesson, column, settings]}
            {!isWide.value && (
              <div key="rest" class="outcome">
                {below}
              </div>
            )}
          </main>
        </>
      )}
    </>
  );
}

function skipSetup(): void {
  const outcome = document.getElementById('outcome');
  outcome?.focus({ preventScroll: true });
  // The panel is higher than the window, so the browser might otherwise show any part of it.
  outcome?.scrollIntoView();
}
