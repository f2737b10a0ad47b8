import { proxy, wrap } from 'comlink';
import type { ErrorParts } from '../errors.ts';
import { clock, count, fixed } from '../figures.ts';
import { type AdapterFacts, describeAdapter } from '../index.ts';
import type { Told } from '../train/news.ts';
import type { TrainingLog } from '../train/training_log.ts';
import { tutorialBatchSize } from '../train/tutorial.ts';
import { byId } from './dom.ts';
import { RunView } from './run_view.ts';
import { fillModel, layersWithWeights } from './tables.ts';
import type { Prepared, Trained, TrainingWorker } from './training.worker.ts';
import { hideTrouble, showNoWebGpu, showTrouble } from './trouble.ts';

const dataset = byId<HTMLSelectElement>('dataset');
const start = byId<HTMLButtonElement>('start');
const stop = byId<HTMLButtonElement>('stop');

const thread = new Worker(new URL('./training.worker.ts', import.meta.url), { type: 'module', name: 'training' });
const training = wrap<TrainingWorker>(thread);

/** What Train would train; undefined while that is not known. */
let prepared: Prepared | undefined;
let view: RunView | undefined;
/** Of whom the answer is waited for, when a user changes the data set faster than a server answers. */
let asked = '';

thread.addEventListener('error', ({ message }) => {
  setRunning(false);
  start.disabled = true;
  dataset.disabled = true;
  showTrouble({
    what: 'The thread that trains has failed',
    found: message || 'no message from the browser',
    fix: 'load this page again',
  });
});
dataset.addEventListener('change', () => choose(dataset.value));
start.addEventListener('click', train);
stop.addEventListener('click', () => {
  // Not disabled: the focus would be lost with it.
  stop.textContent = 'Stopping…';
  say('Stopping after this step…');
  training.stop();
});
await open();

async function open(): Promise<void> {
  try {
    if (!navigator.gpu) throw { what: 'This browser has no WebGPU' } satisfies ErrorParts;
    showAdapter(await training.open());
  } catch (error) {
    byId('adapter').textContent = 'no GPU';
    byId('main').className = 'no-gpu';
    showNoWebGpu(error as ErrorParts);
    return;
  }
  dataset.disabled = false;
  // What needs no server stands in where there is none, or none that has MNIST.
  await choose('mnist', 'digits');
  byId('main').className = '';
}

function showAdapter(adapter: AdapterFacts): void {
  const line = byId('adapter');
  line.textContent = describeAdapter(adapter);
  line.classList.toggle('software', adapter.software);
}

/** Finds out what there is to train. @param instead is taken when the first choice can't be had. */
async function choose(name: string, instead?: string): Promise<void> {
  asked = name;
  dataset.value = name;
  prepared = undefined;
  start.disabled = true;
  hideTrouble();
  say(`Looking for ${nameOf(name)}…`);
  try {
    const found = await training.prepare(name);
    if (asked === name) showPrepared(found);
  } catch (error) {
    if (asked !== name) return;
    if (instead) {
      await choose(instead);
      say(`${nameOf(name)} can't be had from this server. ${nameOf(instead)} are in the page.`);
      return;
    }
    byId('facts').textContent = byId('recipe').textContent = '';
    byId('cut').hidden = true;
    say('');
    showTrouble(error as ErrorParts);
  }
}

function showPrepared(found: Prepared): void {
  prepared = found;
  const { facts, plan, layers } = found;
  const [height, width] = facts.imageShape;
  byId('facts').textContent =
    `${count(facts.train.count)} training and ${count(facts.test.count)} validation images ` +
    `of ${height}\u00a0×\u00a0${width}, ${facts.classNames.length} classes.`;
  byId('recipe').textContent =
    `Adam, batches of ${tutorialBatchSize}, ${plan.epochs} epochs. Each time an image is seen, it is turned, shifted, sheared, ` +
    'zoomed and perhaps mirrored anew.';
  byId('cut').hidden = !plan.cut;
  byId('cut').textContent =
    `Cut to ${plan.epochs} epochs of ${count(plan.trainSamples)} training and ${count(plan.testSamples)} validation ` +
    'images: about two minutes of a software adapter. A GPU trains it whole.';
  fillModel(byId<HTMLTableElement>('model'), layers);
  // A run that is over stays to be looked at until the next one begins.
  if (!view?.log.steps.length) newView(found);
  start.disabled = false;
  say('Ready.');
}

function newView({ plan, layers }: Prepared): RunView {
  view?.dispose();
  view = new RunView(plan, layersWithWeights(layers));
  return view;
}

async function train(): Promise<void> {
  if (!prepared) return;
  const run = newView(prepared);
  const { epochs } = prepared.plan;
  hideTrouble();
  setRunning(true);
  say('Fetching the images, compiling the shaders…');
  const tell = (news: Told[]) => {
    const { epochs: before, steps } = run.log;
    const told = { epochs: before.length, steps: steps.length };
    run.add(news);
    if (!told.steps && steps.length) say('Training.');
    const last = before.at(-1);
    if (last && before.length > told.epochs && last.epoch < epochs) {
      say(`Epoch ${last.epoch} of ${epochs}: validation accuracy ${fixed(last.validationAccuracy)}.`);
    }
  };
  const begun = performance.now();
  try {
    const result = await training.train(dataset.value, proxy(tell));
    run.end(result.leftBehind);
    setRunning(false);
    say(outcome(run, result, (performance.now() - begun) / 1000));
  } catch (error) {
    run.end();
    setRunning(false);
    say(`The run ended with an error after ${steps(run.log)}.`);
    showTrouble(error as ErrorParts);
  }
}

function outcome({ log }: RunView, { stopped, skippedSteps, leftBehind }: Trained, seconds: number): string {
  const accuracy = leftBehind?.accuracy ?? log.epochs.at(-1)?.validationAccuracy;
  const parts = [stopped ? `Stopped after ${steps(log)}.` : `Done in ${clock(seconds)}.`];
  if (accuracy !== undefined) parts.push(`Validation accuracy ${fixed(accuracy)}.`);
  if (skippedSteps) parts.push(`${count(skippedSteps)} steps with numbers that are not finite were skipped.`);
  return parts.join(' ');
}

const steps = ({ steps }: TrainingLog) => (steps.length === 1 ? '1 step' : `${count(steps.length)} steps`);

/** Whoever came by keyboard finds the focus on the button that can be pressed now. */
function setRunning(running: boolean): void {
  const focused = document.activeElement === start || document.activeElement === stop;
  start.disabled = running;
  stop.disabled = !running;
  dataset.disabled = running;
  stop.textContent = 'Stop';
  start.textContent = view?.log.steps.length ? 'Train again' : 'Train';
  if (focused) (running ? stop : start).focus();
}

/** Read out by a screen reader, so for what changes seldom. */
function say(text: string): void {
  byId('status').textContent = text;
}

function nameOf(name: string): string {
  return [...dataset.options].find(({ value }) => value === name)?.text ?? name;
}
