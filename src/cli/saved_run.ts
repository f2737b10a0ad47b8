import { writeFileSync } from 'node:fs';
import { isDatasetName } from '../data/index.ts';
import { WgradError } from '../errors.ts';
import { withoutHealth } from '../health/history.ts';
import type { TrainingLog } from '../health/training_log.ts';
import { formatRun, healthTable, type SavedRun, type Snapshot } from '../index.ts';
import type { PackedSnapshot } from './headless/protocol.ts';

/** What is known of a run before it begins. */
export type RunToSave = Omit<SavedRun, 'history' | 'snapshot'>;

/** Images of a folder are, for the page, the user's own. */
export const nameForPage = (dataset: string): string => (isDatasetName(dataset) ? dataset : 'own');

/** Writes a run as the page saves it. @throws WgradError where the file can't be written. */
export function writeSavedRun(path: string, run: RunToSave, log: TrainingLog, packed: PackedSnapshot): void {
  const { epochs, steps, verdicts, probes } = log;
  const health = healthTable(steps);
  const file = formatRun({
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
  try {
    writeFileSync(path, file);
  } catch (cause) {
    throw new WgradError({ what: `Writing to ${path} failed`, found: (cause as Error).message }, { cause });
  }
}

function unpack({ weights, moments, statistics, ...rest }: PackedSnapshot): Snapshot {
  const { zca, ...figures } = statistics ?? {};
  return {
    ...rest,
    weights: weights.map(tensorOf),
    moments: moments.map(tensorOf),
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
