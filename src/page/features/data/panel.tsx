import { count, counted } from '../../../figures.ts';
import { tutorialEpochs } from '../../../model/tutorial.ts';
import { stepSamples } from '../../../plan/settings.ts';
import { fewValidationWords, stepsPerEpoch } from '../../../train/run_length.ts';
import { datasetTitle, datasetTitles } from '../../app/dataset_titles.ts';
import { available, change, dataset, experiment, lacksImages, pageError, plan } from '../../app/state.ts';
import { capitalized } from '../../ui/capitalized.ts';
import { onDemand } from '../../ui/lazy.tsx';
import { FoldingPanel } from '../../ui/panel.tsx';
import { Picture } from '../../ui/picture.tsx';
import { timeHere } from '../run/run_time.ts';
import { run } from '../run/state.ts';
import { Cleaning } from './cleaning.tsx';
import { reload } from './model.ts';
import { OwnData } from './own_data.tsx';
import './style.css';

/** Loaded on demand, because few data sets have numbers instead of classes. */
const DataNumbers = onDemand(async () => (await import('./data_numbers.tsx')).DataNumbers);

/** The choice of the data set, with the number of images per class and an example of each. */
export function DataPanel() {
  const { facts, error } = dataset.value;
  return (
    <FoldingPanel id="data" title="Data" gist={gistOf()} isWrong={error !== undefined}>
      <label for="dataset">Data set</label>
      <select
        id="dataset"
        autocomplete="off"
        value={experiment.value.dataset}
        disabled={run.value?.isUnderWay.value}
        onChange={(event) => change({ dataset: event.currentTarget.value, clean: [] })}
      >
        {Object.keys(datasetTitles).map((value) => (
          <option
            key={value}
            value={value}
            disabled={available.value[value]?.missing !== undefined}
            title={available.value[value]?.missing?.what}
          >
            {optionOf(value)}
          </option>
        ))}
      </select>
      <Missing />
      {error && !lacksImages.value && pageError.value?.what !== error.what && (
        <div id="dataset-error" class="cut">
          <p>{error.what}.</p>
          <button type="button" class="quiet" onClick={reload}>
            Try again
          </button>
        </div>
      )}
      <p id="facts" class="facts">
        {facts &&
          `${count(facts.train.count)} training and ${counted(facts.test.count, 'validation image')} of ` +
            `${facts.imageShape.slice(0, 2).join('\u00a0×\u00a0')}${facts.imageShape[2] > 1 ? ' in color' : ''}, ` +
            `${facts.targetNames ? `${counted(facts.targetNames.length, 'number')} each` : counted(facts.classNames.length, 'class', 'classes')}.`}
      </p>
      <Length />
      {facts?.targetNames ? (
        <DataNumbers />
      ) : (
        <>
          <Classes />
          <Cleaning />
        </>
      )}
      <OwnData />
    </FoldingPanel>
  );
}

/** The data set's title, with the part of it that is available. */
function optionOf(name: string): string {
  const { part, missing } = available.value[name] ?? {};
  if (missing) return `${datasetTitle(name)}: not on this server`;
  return part ? `${datasetTitle(name)} (${count(part.images)} of ${count(part.of)} images)` : datasetTitle(name);
}

/** Why some data sets are unavailable, and how to make them available. */
function Missing() {
  const reasons = Object.values(available.value).flatMap(({ missing }) => missing ?? []);
  if (reasons.length === 0) return null;
  return (
    <details id="missing" class="facts">
      <summary>
        {reasons.length === 1 ? '1 data set is' : `${count(reasons.length)} data sets are`} not available here
      </summary>
      <ul>
        {reasons.map(({ what, fix }) => (
          <li key={what}>{fix ? `${what}. To get it, ${fix}.` : `${what}.`}</li>
        ))}
      </ul>
    </details>
  );
}

/** A one-line summary of the data set and of the part used for training. */
function gistOf(): string {
  const { dataset: chosen } = experiment.value;
  const { facts, error } = dataset.value;
  const taken = plan.value?.trainSamples;
  if (error) return error.what;
  if (!facts || taken === undefined) return datasetTitle(chosen);
  const all = available.value[chosen]?.part?.of ?? facts.train.count;
  return `${datasetTitle(chosen)}, ${taken < all ? `${count(taken)} of its ` : ''}${counted(all, 'image')}`;
}

/** Maximum length of class names that fit a tenth of the panel's width. */
const short = 3;

/** The length of training if the user has not set it, its estimated time, and which limits apply. */
function Length() {
  const { facts } = dataset.value;
  const planned = plan.value;
  if (!facts || !planned) return null;
  const { epochs, trainSamples, testSamples } = planned;
  const { trainSamples: asked } = experiment.value;
  const steps = stepsPerEpoch(planned, stepSamples(experiment.value));
  const few = fewValidationWords(testSamples);
  const time = timeHere.value ? `, ${timeHere.value}` : ''; // unknown while the layers do not fit together
  return (
    <>
      <p id="cut" class="cut" hidden={!planned.cut}>
        {planned.cut &&
          `Shortened for the CPU: ${counted(epochs, 'epoch')} of ${count(trainSamples)} training and ` +
            `${counted(testSamples, 'validation image')}${time}. A GPU trains ${counted(tutorialEpochs, 'epoch')} of all ${counted(facts.train.count, 'image')}.`}
      </p>
      {planned.lengthened && (
        <p id="lengthened" class="cut">
          {`${counted(trainSamples, 'training image')} make ${counted(steps, 'step')} per epoch, so ` +
            `${counted(epochs, 'epoch')} are planned: ${counted(epochs * steps, 'step')}${time}.`}
        </p>
      )}
      {asked !== undefined && asked > facts.train.count && (
        <p id="fewer" class="cut">
          {`You requested ${count(asked)} training images, but there are ${count(facts.train.count)}: all of them are used.`}
        </p>
      )}
      {few && (
        <p id="few-validation" class="cut">
          {`${capitalized(few)}.`}
        </p>
      )}
    </>
  );
}

/** Compact numbers such as 5.9K, because ten counts have to fit in a row. */
const dense = new Intl.NumberFormat('en', { notation: 'compact' });

/** An example of each class, with a bar for its number of images. */
function Classes() {
  const { facts, overview } = dataset.value;
  if (!facts) return null;
  const most = overview ? Math.max(...overview.counts.train) : 1;
  const isDense = facts.classNames.every((name) => name.length <= short);
  return (
    <ul
      class={isDense ? 'classes many' : 'classes'}
      aria-label="Classes, with an image and the number of training images of each"
    >
      {facts.classNames.map((name, label) => {
        const sample = overview?.samples[label];
        const images = overview?.counts.train[label];
        return (
          <li key={label} title={images === undefined ? name : `${name}: ${counted(images, 'training image')}`}>
            {sample ? (
              <Picture pixels={sample} shape={facts.imageShape} label={`an image of class ${name}`} />
            ) : (
              <span class="picture none" />
            )}
            <span class="name">{name}</span>
            <span class="count">{images === undefined ? '…' : isDense ? dense.format(images) : count(images)}</span>
            <meter min={0} max={most} value={images ?? 0} aria-hidden="true" />
          </li>
        );
      })}
    </ul>
  );
}
