import { formatRun, type SavedRun } from '../formats/run_file.ts';
import { healthTable } from '../health/health_table.ts';
import { withoutHealth } from '../health/history.ts';
import type { Snapshot } from '../train/snapshot.ts';
import { historyBefore } from './resume_point.ts';
import { type RunRequest, trainerOptionsOf } from './run_request.ts';

/** The part of a saved run that is known before it begins. */
export type RunToSave = Omit<SavedRun, 'history' | 'snapshot'>;

/**
 * @param data fingerprint of the images, if it is known.
 * @param sampleWeight fingerprint of the training images' weights, if they have any.
 * @param host the host on which the command trains it; omitted by the page.
 */
export function runToSave(
  request: RunRequest,
  {
    imageShape,
    classNames,
    targetNames,
    pictureFit,
    pictureLevels,
  }: Pick<SavedRun['dataset'], 'imageShape' | 'classNames' | 'targetNames' | 'pictureFit' | 'pictureLevels'>,
  data: string | undefined,
  sampleWeight?: string,
  host?: SavedRun['host'],
): RunToSave {
  const { dataset, clean, reading, epochs, trainSamples, testSamples, fit, testTimeAugmentation } = request;
  return {
    options: trainerOptionsOf(request),
    dataset: {
      name: dataset,
      imageShape,
      classNames,
      ...(targetNames && { targetNames }),
      ...(pictureFit && { pictureFit }),
      ...(pictureLevels && { pictureLevels }),
      trainSamples,
      testSamples,
      clean: [...clean],
      ...(reading && Object.keys(reading).length > 0 && { reading }),
      ...(data !== undefined && { data }),
      ...(sampleWeight !== undefined && { sampleWeight }),
    },
    epochs,
    ...(fit && Object.keys(fit).length > 0 && { fit }),
    ...(testTimeAugmentation && { testTimeAugmentation }),
    ...(host && { host }),
  };
}

/** A run as a file: a state, and the records up to it. The log may extend beyond the state. */
export function formatSavedRun(
  run: RunToSave,
  log: Pick<SavedRun['history'], 'epochs' | 'steps' | 'verdicts' | 'runVerdicts' | 'probes' | 'health'>,
  snapshot: Snapshot,
): Uint8Array<ArrayBuffer> {
  const history = historyBefore(log, snapshot);
  const health = healthTable(history.steps, log.health);
  return formatRun({
    ...run,
    history: { ...history, steps: history.steps.map(withoutHealth), ...(health && { health }) },
    snapshot,
  });
}
