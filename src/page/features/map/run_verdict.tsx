import { partsOf } from '../../../errors.ts';
import type { Change, Remedy } from '../../../index.ts';
import { augmentationOf, modelOf } from '../../app/experiment.ts';
import { change, pageError } from '../../app/state.ts';
import { capitalized } from '../../ui/capitalized.ts';
import { withPowers } from '../../ui/numbers.ts';
import { focusTrain } from '../run/focus_train.ts';
import { hidesVerdicts } from '../run/quiz.ts';
import type { Run } from '../run/run.ts';
import { begin } from '../run/start.ts';
import { isReady, run as shownRun } from '../run/state.ts';

type SettingRemedy = Remedy & { change: Change };

/** The first remedy that is a setting, so that a button can apply it. */
const firstSetting = (remedies: readonly Remedy[]) =>
  remedies.find((each): each is SettingRemedy => each.change !== undefined);

/** The verdict on the run, the most likely cause, and a button that applies the first remedy to the experiment. */
export function RunVerdictNote() {
  const run = shownRun.value;
  run?.events.value; // re-renders when there may be a new verdict
  const found = run?.log.runVerdicts.at(-1);
  if (!run || !found || hidesVerdicts.value) return null;
  const { verdict, sentence, cause, remedies } = found;
  const remedy = firstSetting(remedies);
  const others = remedies.filter((each) => each !== remedy);
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
      {remedy && (
        <p class="remedy">
          <span>
            <strong>What usually helps:</strong> {remedy.words}.
          </span>
          {variableOf(remedy.change) && !run.twinB && (
            <TryAsTwin id="remedy-as-twin" run={run} remedy={remedy}>
              Try this as twin B
            </TryAsTwin>
          )}
          <button
            type="button"
            id="apply-remedy"
            title={`Sets up ${remedy.words}`}
            onClick={() => apply(run, remedy.change)}
          >
            Change the experiment
          </button>
        </p>
      )}
      {others.length > 0 && (
        <p>
          <strong>{remedy ? 'Or:' : 'What usually helps:'}</strong> {others.map(({ words }) => words).join('; ')}.
        </p>
      )}
    </div>
  );
}

/** Shown next to the buttons of a run that is held back: the verdict in a few words, and a remedy to try with one click. */
export function Cure() {
  const run = shownRun.value;
  run?.events.value;
  const found = run?.log.runVerdicts.at(-1);
  if (!run || run.twinB || !found) return null;
  const remedy = firstSetting(found.remedies);
  if (run.isUnderWay.value || hidesVerdicts.value || !remedy || !variableOf(remedy.change)) return null;
  return (
    <>
      <p>
        <strong>{capitalized(found.verdict)}:</strong> {withPowers(found.headline ?? found.sentence)}.
      </p>
      <TryAsTwin id="cure" class="primary" run={run} remedy={remedy}>
        Try a cure as twin B
      </TryAsTwin>
    </>
  );
}

interface TryAsTwinProps {
  id: string;
  class?: string;
  run: Run;
  remedy: SettingRemedy;
  children: string;
}

const TryAsTwin = ({ run, remedy, ...button }: TryAsTwinProps) => (
  <button
    {...button}
    type="button"
    title={`Trains this network again, next to one with ${remedy.words}`}
    disabled={!isReady.value}
    onClick={() => tryAsTwin(run, remedy.change)}
  />
);

/** The run's experiment with the change applied: the fields that differ; undefined if it doesn't fit. */
async function changedBy({ experiment, imageShape, classNames }: Run, remedy: Change) {
  const { applyChange } = await import('../../../train/apply_change.ts');
  const model = modelOf(experiment, [...imageShape], { classNames: [...classNames] });
  const before = { model, optimizer: experiment.optimizer, augmentation: augmentationOf(experiment) };
  try {
    const { model, optimizer, augmentation } = applyChange(before, remedy);
    return {
      ...(remedy.layers && { model }),
      ...((remedy.learningRateTimes !== undefined || remedy.globalClipnorm !== undefined) && { optimizer }),
      ...(remedy.rescale !== undefined && { augmentation }),
    };
  } catch (error) {
    pageError.value = partsOf(error);
    return undefined;
  }
}

/** Sets up the run's experiment with the change applied; the user then starts it. */
async function apply(run: Run, remedy: Change): Promise<void> {
  const changed = await changedBy(run, remedy);
  if (changed) change(changed);
}

/** The only setting that a change affects; undefined if there are several, because twins may differ in only one. */
function variableOf({ layers, learningRateTimes, globalClipnorm, rescale }: Change) {
  const hasOptimizer = learningRateTimes !== undefined || globalClipnorm !== undefined;
  const all = [layers && 'model', hasOptimizer && 'optimizer', rescale !== undefined && 'augmentation'] as const;
  const [only, ...others] = all.filter((each) => each !== false && each !== undefined);
  return others.length ? undefined : only;
}

/** Trains the run's experiment and, as twin B, the same with the change applied. */
async function tryAsTwin(run: Run, remedy: Change): Promise<void> {
  const vary = variableOf(remedy);
  const to = vary && (await changedBy(run, remedy))?.[vary];
  if (!vary || !to) return;
  focusTrain(); // the button that was pressed disappears
  change({ ...run.experiment, twin: { vary, to: JSON.stringify(to) } });
  await begin();
}
