import { isDatasetName } from '../data/index.ts';
import { upTo } from '../formats/history_until.ts';
import { withoutHealth } from '../health/history.ts';
import type { TrainingLog } from '../health/training_log.ts';
import { formatRun, healthTable, type SavedRun, type Snapshot } from '../index.ts';
import type { PackedSnapshot } from './headless/protocol.ts';

/** What is known of a run before it begins. */
export type RunToSave = Omit<SavedRun, 'history' | 'snapshot'>;

/** Images of a folder are, for the page, the user's own. */
export const nameForPage = (dataset: string): string => (isDatasetName(dataset) ? dataset : 'own');

/** A run as the page saves it: a state, and the records up to it. The log may have more. */
export function formatSavedRun(run: RunToSave, log: TrainingLog, packed: PackedSnapshot): Uint8Array {
  const { progress } = packed;
  const { epochs, steps, verdicts, probes } = upTo(log, progress.step, progress.epochs);
  const health = healthTable(steps);
  return formatRun({
    ...run,
    history: {
      epochs,
      steps: steps.map(withoutHealth),
      verdicts,
      probes,
      ...(health && { health }),
    },
    snapshot: unpack(packed),
  });
}

function unpack({ weights, slots, statistics, ...rest }: PackedSnapshot): Snapshot {
  const { zca, ...figures } = statistics ?? {};
  return {
    ...rest,
    weights: weights.map(tensorOf),
    slots: slots.map(tensorOf),
    ...(statistics && {
      statistics: {
        ...(figures as typeof statistics),
        ...(zca !== undefined && { zca: tensorOf(zca) }),
      } as Snapshot['statistics'],
    }),
  };
}

function tensorOf(text: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  return new Float32Array(bytes.buffer);
}
