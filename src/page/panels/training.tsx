import { clock, count, fixed } from '../../figures.ts';
import { stop, train } from '../control.ts';
import { Panel } from '../panel.tsx';
import { Curves } from '../plots/curves.ts';
import { accuracyLines, lossLines } from '../plots/lines.ts';
import { RunPlot } from '../plots/run_plot.tsx';
import type { Run } from '../run.ts';
import { isReady, plan, run, status } from '../state.ts';
import './training.css';

/** Starts and ends a run; stays in sight. */
export function RunBar() {
  const shown = run.value;
  const isUnderWay = shown?.isUnderWay.value ?? false;
  shown?.news.value;
  return (
    <section class="run-bar" aria-label="Run">
      <div class="buttons">
        <button id="start" type="button" class="primary" disabled={!isReady.value} onClick={start}>
          {shown?.log.steps.length ? 'Train again' : 'Train'}
        </button>
        <button id="stop" type="button" disabled={!isUnderWay} onClick={stop}>
          {shown?.phase.value === 'stopping' ? 'Stopping…' : 'Stop'}
        </button>
      </div>
      <div class="progress">
        <progress id="progress" value={shown?.done ?? 0} max={1} aria-label="Progress of the run" />
        <p id="place" class="place">
          {placeOf(shown)}
        </p>
        <p id="status" class="status" role="status" aria-live="polite">
          {status.value}
        </p>
      </div>
    </section>
  );
}

/** Whoever came by keyboard finds the focus on the button that can be pressed now. */
async function start({ currentTarget }: { currentTarget: EventTarget }): Promise<void> {
  const button = currentTarget as HTMLButtonElement;
  const other = document.getElementById('stop');
  const hadFocus = document.activeElement === button;
  const done = train();
  await new Promise(requestAnimationFrame);
  if (hadFocus) other?.focus();
  await done;
  await new Promise(requestAnimationFrame);
  if (document.activeElement === other || document.activeElement === document.body) button.focus();
}

function placeOf(run: Run | undefined): string {
  if (!run) return plan.value ? `${count(plan.value.epochs)} epochs` : '';
  const { log } = run;
  const epoch = log.steps.at(-1)?.epoch;
  if (epoch === undefined) return `${count(run.plan.epochs)} epochs`;
  const step = log.unfinished?.steps ?? log.stepsPerEpoch;
  return `epoch ${epoch} of ${run.plan.epochs}, step ${count(step)} of ${count(log.stepsPerEpoch)}`;
}

const nothing = new Curves();

/** How the run goes: its figures now, loss and accuracy over its steps, and its epochs one by one. */
export function TrainingPanel() {
  return (
    <Panel id="training" title="Training">
      <Figures />
      <RunPlot
        id="loss"
        title="Loss"
        lines={({ curves }) => lossLines(curves)}
        idle={() => lossLines(nothing)}
        description="Loss of the training steps and of the validation images; the table of epochs has the figures"
        empty="The loss of each step appears here"
      />
      <RunPlot
        id="accuracy"
        title="Accuracy"
        share
        lines={({ curves }) => accuracyLines(curves)}
        idle={() => accuracyLines(nothing)}
        description="Accuracy of the training steps and of the validation images; the table of epochs has the figures"
        empty="The share of hits appears here"
      />
    </Panel>
  );
}

function Figures() {
  const shown = run.value;
  shown?.news.value;
  const log = shown?.log;
  const last = log?.epochs.at(-1);
  const now = log?.unfinished ?? last;
  const isUnderWay = shown?.isUnderWay.value;
  const rate = log?.unfinished?.imagesPerSecond ?? last?.imagesPerSecond;
  const figures: [string, string, string | undefined][] = [
    ['loss-now', 'Loss', fixed(now?.loss)],
    ['accuracy-now', 'Accuracy', fixed(now?.accuracy)],
    ['validation-accuracy-now', 'Validation accuracy', fixed(shown?.leftBehind?.accuracy ?? last?.validationAccuracy)],
    ['rate-now', 'Images/s', rate ? count(Math.round(rate)) : ''],
    ['left-now', 'Time left', isUnderWay && shown && shown.done > 0 ? clock(shown.secondsLeft) : ''],
  ];
  return (
    <dl class="figures">
      {figures.map(([id, name, text]) => (
        <div key={id}>
          <dt>{name}</dt>
          <dd id={id}>{text || '–'}</dd>
        </div>
      ))}
    </dl>
  );
}
