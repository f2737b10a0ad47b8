import { clock, count, counted, figure, fixed } from '../../figures.ts';
import { pause, resume, step, stop, train } from '../control.ts';
import { Panel } from '../panel.tsx';
import { Curves } from '../plots/curves.ts';
import { accuracyLines, lossLines, withTwin } from '../plots/lines.ts';
import { RunPlot } from '../plots/run_plot.tsx';
import { type Phase, type Run, twinsOf } from '../run.ts';
import { isReady, plan, refusal, run, status, waitingChanges } from '../state.ts';
import { GoOn } from './go_on.tsx';
import './training.css';
import { TwinsKey } from './twins_key.tsx';

const names: Partial<Record<Phase, string>> = {
  starting: 'Pause',
  running: 'Pause',
  pausing: 'Pausing…',
  paused: 'Continue',
  stopping: 'Pause',
};

/** Starts, holds and ends a run; stays in sight. */
export function RunBar() {
  const shown = run.value;
  const phase = shown?.phase.value ?? 'ended';
  const isUnderWay = phase !== 'ended';
  shown?.news.value;
  return (
    <section class="run-bar" aria-label="Run">
      <div class="buttons">
        {/* One button, so that the focus stays on it, and not disabled while it can only wait. */}
        <button
          id="start"
          type="button"
          class="primary"
          disabled={!isUnderWay && !isReady.value}
          aria-disabled={phase === 'starting' || phase === 'stopping'}
          onClick={{ ended: () => train(), paused: resume, running: pause }[phase as string]}
        >
          {names[phase] ?? (shown?.log.steps.length ? 'Train again' : 'Train')}
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
      </div>
      <div class="progress">
        <progress id="progress" value={shown?.done ?? 0} max={1} aria-label="Progress of the run" />
        <p id="place" class="place">
          {placeOf(shown)}
        </p>
        <p id="status" class="status" role="status" aria-live="polite">
          {isUnderWay || !refusal.value || status.value !== 'Ready.' ? status.value : ''}
        </p>
      </div>
      {!isUnderWay && refusal.value && (
        <p id="refusal" class="cut">
          {/* Among the ops that are on, which are not all in the list. */}
          Nothing to train yet: {refusal.value.what.replace(/: op \d+ \((\w+)\)/, ', $1')}.
        </p>
      )}
      <GoOn />
      {waitingChanges.value.length > 0 && (
        <p id="waiting" class="cut">
          {isUnderWay
            ? `Changed for the next run: ${waitingChanges.value.join(', ')}. This one goes on with what it began with.`
            : `Changed since: ${waitingChanges.value.join(', ')}. Plots and results are of the run before.`}
        </p>
      )}
    </section>
  );
}

/** The button is off in a moment: whoever came by keyboard goes on from Train. */
function stopAndLeave(): void {
  document.getElementById('start')?.focus();
  stop();
}

function placeOf(run: Run | undefined): string {
  if (!run) return plan.value ? counted(plan.value.epochs, 'epoch') : '';
  const { log } = run.going;
  const epoch = log.steps.at(-1)?.epoch;
  if (epoch === undefined) return counted(run.plan.epochs, 'epoch');
  const step = log.unfinished?.steps ?? log.stepsPerEpoch;
  return `epoch ${epoch} of ${run.plan.epochs}, step ${count(step)} of ${count(log.stepsPerEpoch)}`;
}

const nothing = new Curves();

/** How the run goes: its figures now, loss and accuracy over its steps, and its epochs one by one. */
export function TrainingPanel() {
  return (
    <Panel id="training" title="Training">
      <TwinsKey />
      <Figures />
      <div class="pair">
        <RunPlot
          id="loss"
          title="Loss"
          lines={(run) => withTwin(run, ({ curves }, look) => lossLines(curves, look))}
          idle={() => lossLines(nothing)}
          description="Loss of the training steps and of the validation images; the table of epochs has the figures"
          empty="The loss of each step appears here"
        />
        <RunPlot
          id="accuracy"
          title="Accuracy"
          share
          lines={(run) => withTwin(run, ({ curves }, look) => accuracyLines(curves, look))}
          idle={() => accuracyLines(nothing)}
          description="Accuracy of the training steps and of the validation images; the table of epochs has the figures"
          empty="The share of hits appears here"
        />
      </div>
    </Panel>
  );
}

function Figures() {
  const shown = run.value;
  shown?.news.value;
  const log = shown?.going.log;
  const last = log?.epochs.at(-1);
  const isUnderWay = shown?.isUnderWay.value;
  const rate = log?.unfinished?.imagesPerSecond ?? last?.imagesPerSecond;
  const batch = shown?.experiment.batchSize ?? 0;
  const bytes = shown?.bytes.value;
  const ofEach = (of: (run: Run) => number | undefined) =>
    shown
      ? twinsOf(shown)
          .map(({ name, run }) => `${name} ${fixed(of(run)) || '–'}`.trim())
          .join('\n')
      : '';
  const figures: Figure[] = [
    { id: 'loss-now', name: 'Loss', text: ofEach(({ log }) => (log.unfinished ?? log.epochs.at(-1))?.loss) },
    {
      id: 'accuracy-now',
      name: 'Accuracy',
      text: ofEach(({ log }) => (log.unfinished ?? log.epochs.at(-1))?.accuracy),
    },
    {
      id: 'validation-loss-now',
      name: 'Validation loss',
      text: ofEach(({ leftBehind, log }) => leftBehind?.loss ?? log.epochs.at(-1)?.validationLoss),
    },
    {
      id: 'validation-accuracy-now',
      name: 'Validation accuracy',
      text: ofEach(({ leftBehind, log }) => leftBehind?.accuracy ?? log.epochs.at(-1)?.validationAccuracy),
    },
    { id: 'rate-now', name: 'Images/s', text: rate ? count(Math.round(rate)) : '' },
    { id: 'step-now', name: 'A step', text: rate ? `${fixed((1000 * batch) / rate, 1)} ms` : '' },
    {
      id: 'left-now',
      name: 'Time left',
      text: isUnderWay && shown && shown.secondsLeft < Infinity ? clock(shown.secondsLeft) : '',
    },
    {
      id: 'bytes-now',
      name: 'On the GPU',
      text: bytes ? mebibytes(bytes.trainer + bytes.datasets) : '',
      title: bytes && `network and batch ${mebibytes(bytes.trainer)}, data sets ${mebibytes(bytes.datasets)}`,
    },
  ];
  return (
    <dl class="figures">
      {figures.map(({ id, name, text, title }) => (
        <div key={id} title={title}>
          <dt>{name}</dt>
          <dd id={id}>{text || '–'}</dd>
        </div>
      ))}
    </dl>
  );
}

interface Figure {
  id: string;
  name: string;
  text: string;
  title?: string;
}

const mebibytes = (bytes: number) => `${figure(Number((bytes / 2 ** 20).toPrecision(3)))} MiB`;
