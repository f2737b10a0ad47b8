import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { clock, count, counted } from '../../../figures.ts';
import { isOwnOf } from '../../app/experiment_url.ts';
import { learningRateOf } from '../../app/learning_rate.ts';
import { change, experiment, plan, refusalText, statusLine } from '../../app/state.ts';
import { onDemand } from '../../ui/lazy.tsx';
import { isWide } from '../../ui/panel.tsx';
import { focusTrain } from './focus_train.ts';
import { pause, resume, step, stop } from './model.ts';
import { RateSlider } from './rate_slider.tsx';
import type { Phase, Run } from './run.ts';
import { begin } from './start.ts';
import { isReady, isStarting, resumesFrom, run, waitingChanges } from './state.ts';
import './style.css';

/** Loaded on demand, because only a run that has ended can be resumed. */
const ResumeRun = onDemand(async () => (await import('./resume.tsx')).ResumeRun);

const names: Partial<Record<Phase, string>> = {
  starting: 'Pause',
  running: 'Pause',
  pausing: 'Pausing…',
  paused: 'Resume',
  stopping: 'Pause',
};

/**
 * Starts, pauses and stops a run. This bar stays in view; the notes below it scroll away, so that it doesn't cover a quarter of a
 * phone's screen.
 *
 * @param props.action a button beside those of the run. @param props.children shown among the notes: what to look at, or the next step.
 */
export function RunBar({ action, children }: { action?: ComponentChildren; children?: ComponentChildren }) {
  const shown = run.value;
  const phase = shown?.phase.value ?? 'ended';
  const isUnderWay = phase !== 'ended';
  const isIdle = !isUnderWay && !isStarting.value;
  const bar = useRef<HTMLElement>(null);
  useEffect(() => (bar.current ? keepClearOf(bar.current) : undefined), []);
  shown?.events.value;
  return (
    <>
      <section ref={bar} class={experiment.value.twin ? 'run-bar' : 'run-bar with-try'} aria-label="Run">
        <div class="buttons">
          {/* A single button keeps the focus when its label changes, and is not disabled while the run is pending. */}
          <button
            id="start"
            type="button"
            class={phase === 'starting' ? 'primary pending' : 'primary'}
            title={phase === 'starting' ? 'Not training yet: pauses before the first step' : undefined}
            disabled={!isUnderWay && !isReady.value}
            aria-disabled={phase === 'pausing' || phase === 'stopping'}
            onClick={{ ended: begin, paused: resume, running: pause, starting: pause }[phase as string]}
          >
            {names[phase] ?? nameOfStart(shown)}
          </button>
          <button
            id="step"
            type="button"
            title="One step, then a pause"
            disabled={!isUnderWay && !isReady.value}
            aria-disabled={isUnderWay && phase !== 'paused'}
            onClick={step}
          >
            Step
          </button>
          <button id="stop" type="button" disabled={!isUnderWay} onClick={stopAndLeave}>
            {phase === 'stopping' ? 'Stopping…' : 'Stop'}
          </button>
          {action}
        </div>
        <p id="place" class="place">
          {placeOf(shown)}
          <span class="step-of">{stepOf(shown)}</span>
          {phase === 'running' && shown!.going.secondsLeft < Infinity && (
            <>
              {' · '}
              <span>{clock(shown!.going.secondsLeft)} left</span>
            </>
          )}
        </p>
        {isWide.value && <Rate run={shown} />}
        {isWide.value && <Status />}
        <progress id="progress" value={shown?.done ?? 0} max={1} aria-label="Progress of the run" />
      </section>
      <div class={shown ? 'run-notes has-run' : 'run-notes'}>
        {!isWide.value && <Status />}
        {isIdle && refusalText.value && (
          <p id="refusal" class="cut">
            Nothing to train yet: {refusalText.value}.
          </p>
        )}
        {shown?.lost.value?.isBack && !shown.hasFailed && (
          <p id="device-lost" class="cut">
            {`The GPU was lost after ${counted(shown.lost.value.step, 'step')}; training resumed from the last checkpoint, with the same result.`}
          </p>
        )}
        <div class="next">
          {children}
          {!isStarting.value && resumesFrom.value && <ResumeRun />}
        </div>
        {isIdle && <Twin />}
        {!isStarting.value && waitingChanges.value.length > 0 && (
          <p id="waiting" class="cut">
            {isUnderWay
              ? `Changed for the next run: ${waitingChanges.value.join(', ')}. This run keeps its options.`
              : `Changed since: ${waitingChanges.value.join(', ')}. Plots and results show the last run.`}
          </p>
        )}
      </div>
    </>
  );
}

/** The running experiment may have two networks and the next one a single one, or vice versa. */
function nameOfStart(shown: Run | undefined): string {
  if (experiment.value.twin) return 'Train A and B';
  return shown?.log.steps.length ? 'Train again' : 'Train';
}

/** Says that the experiment trains two networks, and offers to train a single one. */
function Twin() {
  const { twin } = experiment.value;
  if (!twin) return null;
  return (
    <p id="twin" class="cut">
      {isOwnOf(twin)
        ? `Twin B has a changed ${twin.vary}. `
        : `Twin B has the ${twin.vary.replace('-', ' ')} ${twin.to}. `}
      <button type="button" class="quiet" onClick={() => change({ twin: undefined })}>
        Train one network alone
      </button>
    </p>
  );
}

/** The learning rate, which can be changed while the network trains; not that of twins, nor a schedule. */
function Rate({ run: shown }: { run: Run | undefined }) {
  const { optimizer } = experiment.value;
  const rate = learningRateOf(optimizer);
  if (typeof rate !== 'number') return null;
  return (
    <label class="rate">
      <span>
        Learning rate <output>{rate}</output>
      </span>
      <RateSlider
        id="rate-in-bar"
        rate={rate}
        disabled={Boolean(shown?.twinB && shown.isUnderWay.value)}
        onChange={(learningRate) => change({ optimizer: { ...optimizer, learningRate } })}
      />
    </label>
  );
}

function Status() {
  return (
    <p id="status" class="status" role="status" aria-live="polite" title={statusLine.value}>
      {statusLine.value}
    </p>
  );
}

/** Elements that are scrolled to or focused are placed below the bar, whatever its height. */
function keepClearOf(bar: HTMLElement): () => void {
  const margin = 12;
  const observer = new ResizeObserver(() => {
    document.documentElement.style.scrollPaddingTop = `${bar.offsetHeight + margin}px`;
  });
  observer.observe(bar);
  return () => observer.disconnect();
}

/** The pressed button is about to be disabled. */
function stopAndLeave(): void {
  focusTrain();
  stop();
}

function placeOf(run: Run | undefined): string {
  if (!run) return plan.value ? counted(plan.value.epochs, 'epoch') : '';
  const epoch = run.going.log.steps.at(-1)?.epoch;
  return epoch === undefined ? counted(run.plan.epochs, 'epoch') : `epoch ${epoch} of ${run.plan.epochs}`;
}

/** The position within the epoch, which is hidden on a phone for lack of space. */
function stepOf(run: Run | undefined): string {
  const log = run?.going.log;
  if (!log?.steps.length) return '';
  return `, step ${count(log.unfinished?.steps ?? log.stepsPerEpoch)} of ${count(log.stepsPerEpoch)}`;
}
