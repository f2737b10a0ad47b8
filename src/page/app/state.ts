import { computed, signal } from '@preact/signals';
import type { DatasetFacts } from '../../data/served_datasets.ts';
import { type ErrorParts, partsOf, type WgradError } from '../../errors.ts';
import {
  type AdapterFacts,
  type AugmentationConfig,
  classifierSummary,
  type LayerSummary,
  type Model,
  modelSummary,
} from '../../index.ts';
import { type Plan, planRun } from '../../train/run_length.ts';
import { datasetTitle } from './dataset_titles.ts';
import {
  augmentationFor,
  augmentationOf,
  decode,
  type Experiment,
  encode,
  lossFor,
  lossOf,
  modelOf,
  type SettledExperiment,
} from './experiment.ts';
import { settingErrorsOf } from './setting_errors.ts';
import { type Status, textOf } from './status.ts';
import { readView, type View, writeView } from './view.ts';
import type { Availability, DatasetOverview } from './worker/datasets.ts';

/** What the whole page knows. A panel reads these signals, and changes the experiment by `change` alone. */

const first = decode(location.hash);
const firstView = readView(location.hash);

/** What would be trained now. A run under way has its own, `run.value.experiment`. */
export const experiment = signal<Experiment>(first.experiment);

/** Whether a link or a person has said which data set it is. */
export const datasetIsChosen = signal(first.named);

/** Changes a part of the experiment, and the page's address with it. */
export function change(part: Partial<Experiment>): void {
  // What is switched off belongs to the list that it was switched off in.
  const before = part.augmentation ? { ...experiment.value, switchedOff: undefined } : experiment.value;
  experiment.value = { ...before, ...part };
  if (!part.dataset) return;
  datasetIsChosen.value = true;
  pageError.value = undefined;
  status.value = { is: 'idle' };
}

/** What is shown beside the experiment. */
export const view = signal<View>(firstView.view);

/** The part of the page's URL after the #, for another experiment than the present one if it is given. */
export const hashOf = (of: Experiment = experiment.peek()): string => `#${writeView(view.peek(), encode(of))}`;

/** Undefined until WebGPU is open. */
export const adapter = signal<AdapterFacts | undefined>();

/** Why there is no WebGPU, where there is none. */
export const noGpu = signal<ErrorParts | undefined>();

/** An error, and how to try once more what failed, where that may succeed without any other change. */
export interface PageErrorParts extends ErrorParts {
  retry?: () => unknown;
}

/** The last error, and what the address said that is invalid; shown on top of everything until it is dismissed. */
export const pageError = signal<PageErrorParts | undefined>(pageErrorOf([...first.refused, ...firstView.refused]));

/** What was done last, or is being done; read out by a screen reader, so for what changes seldom. */
export const status = signal<Status>({ is: 'idle' });

/** Says what has been done, in a sentence. */
export function say(text: string): void {
  status.value = { is: 'message', text };
}

/** Whether the whole page is kept in this browser, so that it opens and trains without a network. */
export const isKeptOffline = signal(false);

/** The data set of `experiment`, as far as it is known: `facts` first, or why it could not be loaded. */
export const dataset = signal<{ name: string; facts?: DatasetFacts; overview?: DatasetOverview; error?: ErrorParts }>({
  name: '',
});

/** What this page and its server have of each data set, by its name; empty until they have said. */
export const available = signal<Record<string, Availability>>({});

/** The user has to choose images: a page that was just opened has none of theirs. */
export const lacksImages = computed(() => experiment.value.dataset === 'own' && !dataset.value.facts);

/** How much would be trained. */
export const plan = computed<Plan | undefined>(() => {
  const { facts } = dataset.value;
  if (!facts || !adapter.value) return undefined;
  return planRun(experiment.value, facts, adapter.value.software, facts.imageShape);
});

/** What suits the classes; while those of another data set are looked for, what suited the last ones. */
let suits = augmentationFor([]);
const suitable = computed(() => {
  const { facts } = dataset.value;
  if (facts) suits = augmentationFor(facts.classNames);
  return suits;
});

/** What suits the labels; while those of another data set are looked for, what suited the last ones. */
let lossSuits: Experiment['loss'];
const suitableLoss = computed(() => {
  const { facts } = dataset.value;
  if (facts) lossSuits = lossFor(facts);
  return lossSuits;
});

/** The experiment with the augmentation and the loss that it leaves to the page: what a run begins with. */
export const settled = computed<SettledExperiment>(() => {
  const loss = experiment.value.loss ?? suitableLoss.value;
  return {
    ...experiment.value,
    augmentation: experiment.value.augmentation ?? suitable.value,
    ...(loss && { loss }),
  };
});

export const augmentation = computed(() => augmentationOf(settled.value));

/** What has been found of an augmentation, for images of a shape. */
export interface Checked {
  of: AugmentationConfig;
  imageShape: DatasetFacts['imageShape'];
  /** Of what comes out; while it is invalid, that of the last one that did. */
  shape: DatasetFacts['imageShape'];
  /** What is wrong with it, with its place. */
  error?: ErrorParts;
}

/** The last answer, moments behind a change (augmentation_check.ts): who shows it doesn't flicker. */
export const checked = signal<Checked | undefined>();

/** The model as it would be trained: its images come out of the augmentation. */
export const model = computed<Model | undefined>(() => {
  const { facts } = dataset.value;
  const known = checked.value;
  if (!facts || known?.imageShape !== facts.imageShape) return undefined;
  return modelOf(settled.value, known.shape, facts);
});

/** Its layers with their shapes; where not all fit, those that do, and what is wrong with the next one, or with their end. */
export const layers = computed<{ summary?: LayerSummary[]; fits?: LayerSummary[]; error?: ErrorParts }>(() => {
  if (!model.value) return {};
  try {
    return { summary: classifierSummary(model.value, lossOf(settled.value).type) };
  } catch (error) {
    return { fits: whatFits(model.value), error: partsOf(error) };
  }
});

function whatFits({ inputShape, layers }: Model): LayerSummary[] {
  for (let count = layers.length; count > 0; count--) {
    try {
      return modelSummary({ inputShape, layers: layers.slice(0, count) });
    } catch {
      // One less may fit.
    }
  }
  return [];
}

/** What is wrong with the settings of training, each shown at its form. */
export const settingErrors = computed(() => settingErrorsOf(settled.value, dataset.value.facts));

/** Why nothing can be trained as it stands; its place in a panel says more. */
export const refusal = computed(
  () => checked.value?.error ?? layers.value.error ?? Object.values(settingErrors.value).find(Boolean),
);

/** What the status line says: `status`, or else how far the data set is. */
export const statusLine = computed(() => {
  const { name, facts, error } = dataset.value;
  const said = textOf(status.value);
  if (said || !name || error || refusal.value) return said;
  return facts ? 'Ready.' : `Loading ${datasetTitle(name)}…`;
});

/** All that is wrong in a URL as one error: a part that is not reported would seem to be right. */
export function pageErrorOf(refused: readonly WgradError[]): ErrorParts | undefined {
  const [first] = refused;
  if (!first || refused.length === 1) return first?.parts;
  const lines = refused.map(({ parts: { place, what, found, expected, fix } }) =>
    [`${place?.[0] ?? what}: ${found}`, fix ?? (expected && `expected: ${expected}`)].filter(Boolean).join('; '),
  );
  return {
    what: `This page's URL has ${refused.length} faults: what is wrong in it is ignored`,
    found: lines.join('\n'),
  };
}
