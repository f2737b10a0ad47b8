import { batch, computed, signal } from '@preact/signals';
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
  type Experiment,
  initial,
  lossFor,
  lossOf,
  modelOf,
  type SettledExperiment,
} from './experiment.ts';
import { decode, encode } from './experiment_url.ts';
import { settingErrorsOf } from './setting_errors.ts';
import { type Status, textOf } from './status.ts';
import { readView, type View, writeView } from './view.ts';
import type { Availability, DatasetOverview } from './worker/datasets.ts';

/** The state of the whole page. A panel reads these signals, and changes the experiment only through `change`. */

const first = decode(location.hash);
const firstView = readView(location.hash);

/** The experiment that would be trained next. A run keeps its own in `run.value.experiment`. */
export const experiment = signal<Experiment>(first.experiment);

/** Whether a link or the user has chosen the data set, or the user has changed anything. */
export const datasetIsChosen = signal(first.named);

/** Whether the page was opened without a link and nothing has been changed. */
export const isUntouched = computed(() => !datasetIsChosen.value && encode(experiment.value) === encode(initial));

/** Changes a part of the experiment, and with it the page's URL. */
export function change(part: Partial<Experiment>): void {
  // Ops that are switched off belong to the previous list of ops.
  const before = part.augmentation ? { ...experiment.value, switchedOff: undefined } : experiment.value;
  // Together, because the URL follows both: a change by the user can be undone with the browser's back button.
  batch(() => {
    experiment.value = { ...before, ...part };
    datasetIsChosen.value = true;
  });
  if (!part.dataset) return;
  pageError.value = undefined;
  status.value = { is: 'idle' };
}

/** Page state that is not part of the experiment. */
export const view = signal<View>(firstView.view);

/** The fragment of the page's URL, for the current experiment by default. */
export const hashOf = (of: Experiment = experiment.peek()): string => `#${writeView(view.peek(), encode(of))}`;

/** Undefined until WebGPU is open. */
export const adapter = signal<AdapterFacts | undefined>();

/** Why WebGPU is unavailable; undefined if it is available. */
export const noGpu = signal<ErrorParts | undefined>();

/** An error, with a way to retry if that may succeed without any other change. */
export interface PageErrorParts extends ErrorParts {
  retry?: () => unknown;
}

/** The last error, initially the invalid parts of the URL; shown above everything else until it is dismissed. */
export const pageError = signal<PageErrorParts | undefined>(pageErrorOf([...first.refused, ...firstView.refused]));

/** The last or current activity. A screen reader reads it out, so it must change rarely. */
export const status = signal<Status>({ is: 'idle' });

/** Shows a sentence about something that has been done. */
export function say(text: string): void {
  status.value = { is: 'message', text };
}

/** Whether the whole page is cached in this browser, so that it opens and trains without a network. */
export const isKeptOffline = signal(false);

/** The experiment's data set as far as it has been loaded: first `facts`, then `overview`, or why it could not be loaded. */
export const dataset = signal<{ name: string; facts?: DatasetFacts; overview?: DatasetOverview; error?: ErrorParts }>({
  name: '',
});

/** Which data sets, or parts of them, the page and its server have, by name; empty until they have answered. */
export const available = signal<Record<string, Availability>>({});

/** The user has to choose images, because a page that was just opened does not have them. */
export const lacksImages = computed(() => experiment.value.dataset === 'own' && !dataset.value.facts);

/** The number of images and epochs that would be trained. */
export const plan = computed<Plan | undefined>(() => {
  const { facts } = dataset.value;
  if (!facts || !adapter.value) return undefined;
  return planRun(experiment.value, facts, adapter.value.software, facts.imageShape);
});

/** The augmentation that suits the classes. While another data set is loading, the previous one remains. */
let suits = augmentationFor([]);
const suitable = computed(() => {
  const { facts } = dataset.value;
  if (facts) suits = augmentationFor(facts.classNames);
  return suits;
});

/** The loss that suits the labels. While another data set is loading, the previous one remains. */
let lossSuits: Experiment['loss'];
const suitableLoss = computed(() => {
  const { facts } = dataset.value;
  if (facts) lossSuits = lossFor(facts);
  return lossSuits;
});

/** The experiment with the augmentation and loss that it leaves to the page, as a run trains it. */
export const settled = computed<SettledExperiment>(() => {
  const loss = experiment.value.loss ?? suitableLoss.value;
  return {
    ...experiment.value,
    augmentation: experiment.value.augmentation ?? suitable.value,
    ...(loss && { loss }),
  };
});

export const augmentation = computed(() => augmentationOf(settled.value));

/** The result of checking an augmentation for images of a given shape. */
export interface Checked {
  of: AugmentationConfig;
  imageShape: DatasetFacts['imageShape'];
  /** Shape of the augmented images; if the augmentation is invalid, the shape from the last valid one. */
  shape: DatasetFacts['imageShape'];
  /** The augmentation's error, with its path. */
  error?: ErrorParts;
}

/**
 * The last result, which arrives moments after a change (augmentation_check.ts); keeping the previous one until then avoids
 * flicker.
 */
export const checked = signal<Checked | undefined>();

/** The model that would be trained, for augmented images. */
export const model = computed<Model | undefined>(() => {
  const { facts } = dataset.value;
  const known = checked.value;
  if (!facts || known?.imageShape !== facts.imageShape) return undefined;
  return modelOf(settled.value, known.shape, facts);
});

/** The layers with their shapes; if not all fit, those that do, and the error of the next one or of the model's end. */
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
      // A model with one layer fewer may fit.
    }
  }
  return [];
}

/** The errors of the training settings, each shown at its form. */
export const settingErrors = computed(() => settingErrorsOf(settled.value, dataset.value.facts));

/** Why the experiment cannot be trained at present; the panel concerned has the details. */
export const refusal = computed(
  () => checked.value?.error ?? layers.value.error ?? Object.values(settingErrors.value).find(Boolean),
);

/** The refusal as one clause. It names an op by its type, because `what` counts only the ops that are switched on. */
export const refusalText = computed(() => {
  const error = refusal.value;
  const ops = augmentation.value;
  const op = error === checked.value?.error && Array.isArray(ops) ? ops[error?.place?.[0] as number] : undefined;
  return op?.type && error?.problem ? `augmentation, ${op.type}: ${error.problem}` : error?.what;
});

/** The text of the status line: `status`, or the state of the data set. */
export const statusLine = computed(() => {
  const { name, facts, error } = dataset.value;
  const said = textOf(status.value);
  if (said || !name || error || refusal.value) return said;
  return facts ? 'Ready.' : `Loading ${datasetTitle(name)}…`;
});

/** Combines all errors in a URL into one: a part that was not reported would seem valid. */
export function pageErrorOf(refused: readonly WgradError[]): ErrorParts | undefined {
  const [first] = refused;
  if (!first || refused.length === 1) return first?.parts;
  const lines = refused.map(({ parts: { place, what, found, expected, fix } }) =>
    [`${place?.[0] ?? what}: ${found}`, fix ?? (expected && `expected: ${expected}`)].filter(Boolean).join('; '),
  );
  return {
    what: `This page's URL has ${refused.length} errors: the invalid parts are ignored`,
    found: lines.join('\n'),
  };
}
