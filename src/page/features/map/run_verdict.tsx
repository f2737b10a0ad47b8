import { partsOf } from '../../../errors.ts';
import type { Change, Remedy } from '../../../index.ts';
import { augmentationOf, modelOf } from '../../app/experiment.ts';
import { change, pageError } from '../../app/state.ts';
import { capitalized } from '../../ui/capitalized.ts';
import { withPowers } from '../../ui/numbers.ts';
import { hidesVerdicts } from '../run/quiz.ts';
import type { Run } from '../run/run.ts';
import { run as shownRun } from '../run/state.ts';

/** The verdict on the run, the most likely cause, and a button that applies the first remedy to the experiment. */
export function RunVerdictNote() {
  const run = shownRun.value;
  run?.events.value; // re-renders when there may be a new verdict
  const found = run?.log.runVerdicts.at(-1);
  if (!run || !found || hidesVerdicts.value) return null;
  const { verdict, sentence, cause, remedies } = found;
  const remedy = remedies.find((each): each is Remedy & { change: Change } => each.change !== undefined);
  const because = verdict === 'learning' || verdict === 'done' ? 'Held back by' : 'Likely cause';
  return (
    <div id="run-verdict">
      <p>
        <strong>{capitalized(verdict)}:</strong> {withPowers(sentence)}.
      </p>
      {cause && (
        <p>
          <strong>{because}:</strong> {withPowers(cause)}.
        </p>
      )}
      {remedies.length > 0 && (
        <p>
          <strong>What usually helps:</strong> {remedies.map(({ words }) => words).join('; ')}.
        </p>
      )}
      {remedy && (
        <button type="button" id="apply-remedy" onClick={() => apply(run, remedy.change)}>
          Change the experiment: {remedy.words}
        </button>
      )}
    </div>
  );
}

/** Sets up the run's experiment with the change applied; the user then starts it. */
async function apply({ experiment, imageShape, classNames }: Run, remedy: Change): Promise<void> {
  const { applyChange } = await import('../../../train/apply_change.ts');
  const model = modelOf(experiment, [...imageShape], { classNames: [...classNames] });
  const before = { model, optimizer: experiment.optimizer, augmentation: augmentationOf(experiment) };
  try {
    const { model, optimizer, augmentation } = applyChange(before, remedy);
    change({
      ...(remedy.layers && { model }),
      ...((remedy.learningRateTimes !== undefined || remedy.globalClipnorm !== undefined) && { optimizer }),
      ...(remedy.rescale !== undefined && { augmentation }),
    });
  } catch (error) {
    pageError.value = partsOf(error);
  }
}
