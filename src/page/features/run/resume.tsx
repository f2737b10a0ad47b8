import { signal } from '@preact/signals';
import { count } from '../../../figures.ts';
import { datasetTitle } from '../../app/dataset_titles.ts';
import type { Experiment } from '../../app/experiment.ts';
import { focusTrain } from './focus_train.ts';
import { resumeRun } from './model.ts';
import { placeOf } from './place_in_run.ts';
import { isLoading, resumesFrom, run, waitingChanges } from './state.ts';

const more = signal(5);
const most = 100_000;

/** Offers to resume a run that has ended: to finish it after a stop or a lost device, or to train more epochs. */
export function ResumeRun() {
  const shown = run.value;
  const from = resumesFrom.value;
  if (!shown || !from || shown.isUnderWay.value) return null;
  const { epochs } = shown.plan;
  if (from.step < epochs * shown.log.stepsPerEpoch) {
    return (
      <div class="resume">
        <button id="resume-run" type="button" aria-disabled={isLoading.value} onClick={() => leaveAndResume()}>
          Resume
        </button>
        <span>
          {`from ${placeOf(shown, from)}, to the end of epoch ${count(epochs)} (same result as without a break)`}
        </span>
        <BeganWith {...shown.experiment} />
      </div>
    );
  }
  return (
    <form
      class="resume"
      onSubmit={(event) => {
        event.preventDefault();
        leaveAndResume(epochs + more.value);
      }}
    >
      <button id="train-more" type="submit" aria-disabled={isLoading.value}>
        Train {count(more.value)} more {more.value === 1 ? 'epoch' : 'epochs'}
      </button>
      <label for="more-epochs" class="unseen">
        More epochs
      </label>
      <input
        id="more-epochs"
        type="number"
        min={1}
        max={most}
        required
        value={more.value}
        onInput={({ currentTarget }) => {
          if (currentTarget.checkValidity()) more.value = currentTarget.valueAsNumber;
        }}
      />
      <span>(same result as one run of {count(epochs + more.value)})</span>
      <BeganWith {...shown.experiment} />
    </form>
  );
}

/** The run's own data set and model, if the panels have been changed since. */
function BeganWith({ dataset, model }: Experiment) {
  if (waitingChanges.value.length === 0) return null;
  const named = typeof model === 'string' ? model : 'a custom model';
  return (
    <span id="began-with">
      It resumes with the experiment it began with: {datasetTitle(dataset)}, {named}.
    </span>
  );
}

/** The pressed button disappears. */
function leaveAndResume(epochs?: number): void {
  focusTrain();
  resumeRun(epochs);
}
