import { count, counted } from '../../figures.ts';
import { datasetNames } from '../control.ts';
import { FoldingPanel } from '../panel.tsx';
import { Picture } from '../picture.tsx';
import { change, dataset, experiment, lacksImages, plan, run } from '../state.ts';
import { Cleaning } from './cleaning.tsx';
import { OwnData } from './own_data.tsx';
import './data.css';

/** Which images are trained on: a choice, how many of each class, and how one of each looks. */
export function DataPanel() {
  const { facts } = dataset.value;
  return (
    <FoldingPanel id="data" title="Data" gist={gistOf()} isWrong={lacksImages.value}>
      <label for="dataset">Data set</label>
      <select
        id="dataset"
        autocomplete="off"
        value={experiment.value.dataset}
        disabled={run.value?.isUnderWay.value}
        onChange={(event) => change({ dataset: event.currentTarget.value, clean: [] })}
      >
        {Object.entries(datasetNames).map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
      <p id="facts" class="facts">
        {facts &&
          `${count(facts.train.count)} training and ${count(facts.test.count)} validation images of ` +
            `${facts.imageShape.slice(0, 2).join('\u00a0×\u00a0')}${facts.imageShape[2] > 1 ? ' in colour' : ''}, ` +
            `${facts.classNames.length} classes.`}
      </p>
      <Cut />
      <Classes />
      <Cleaning />
      <OwnData />
    </FoldingPanel>
  );
}

/** The data set in a line, and how much of it is trained on. */
function gistOf(): string {
  const name = datasetNames[experiment.value.dataset] ?? experiment.value.dataset;
  const { facts } = dataset.value;
  const taken = plan.value?.trainSamples;
  if (!facts || taken === undefined) return name;
  return `${name}, ${taken < facts.train.count ? `${count(taken)} of its ` : ''}${count(facts.train.count)} images`;
}

/** Names that a tenth of the panel is wide enough for. */
const short = 3;

/** What a software adapter leaves out, where nobody has said how much is trained. */
function Cut() {
  const cut = plan.value?.cut ? plan.value : undefined;
  return (
    <p id="cut" class="cut" hidden={!cut}>
      {cut &&
        `Cut to ${counted(cut.epochs, 'epoch')} of ${count(cut.trainSamples)} training and ${count(cut.testSamples)} validation ` +
          'images: about two minutes of a software adapter. A GPU trains it whole.'}
    </p>
  );
}

/** A sample of each class, with a bar for how many there are. */
function Classes() {
  const { facts, overview } = dataset.value;
  if (!facts) return null;
  const most = overview ? Math.max(...overview.counts.train) : 1;
  return (
    <ul
      class={facts.classNames.every((name) => name.length <= short) ? 'classes many' : 'classes'}
      aria-label="Classes, with an image and the number of training images of each"
    >
      {facts.classNames.map((name, label) => {
        const sample = overview?.samples[label];
        const images = overview?.counts.train[label];
        return (
          <li key={label} title={images === undefined ? name : `${name}: ${count(images)} training images`}>
            {sample ? (
              <Picture pixels={sample} shape={facts.imageShape} label={`an image of class ${name}`} />
            ) : (
              <span class="picture none" />
            )}
            <span class="name">{name}</span>
            <span class="count">{images === undefined ? '…' : count(images)}</span>
            <meter min={0} max={most} value={images ?? 0} aria-hidden="true" />
          </li>
        );
      })}
    </ul>
  );
}
