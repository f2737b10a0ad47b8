import { zipSync } from 'fflate';
import { ConfigurationError, suggest } from '../errors.ts';
import { exportModel, modelFormats } from '../formats/export_model.ts';
import { modelOfRun } from '../formats/model_of_run.ts';
import { formatRun, type SavedRun } from '../formats/run_file.ts';
import { healthTable } from '../health/health_table.ts';
import { emptyHistory, withoutHealth } from '../health/history.ts';
import { storedName, storeModel } from './model_store.ts';
import type { SaveOptions, SaveTarget, Trainer, TrainingLog } from './trainer.ts';

const formats = ['wgrad', ...modelFormats];

/** Implements `Trainer.save`. */
export async function saveTrainer(
  trainer: Trainer,
  { format = 'wgrad', to, ...options }: SaveOptions,
  log: TrainingLog | undefined,
): Promise<Blob> {
  if (!formats.includes(format)) {
    throw new ConfigurationError({
      what: 'Unknown model format',
      found: format,
      expected: formats.join(', '),
      fix: suggest(String(format), formats),
    });
  }
  if (to !== undefined) requireTarget(to);
  const run = await savedRunOf(trainer, log);
  const file = new Blob([format === 'wgrad' ? formatRun(run) : packed(exportModel(modelOfRun(run), format, options))]);
  if (to !== undefined) await write(file, to);
  return file;
}

/** The complete state of a trainer, as a saved run. */
async function savedRunOf(trainer: Trainer, log: TrainingLog | undefined): Promise<SavedRun> {
  const { classNames: _, pictures: __, ...options } = trainer.options;
  const { imageShape, fit, levels } = trainer.pictures;
  const snapshot = await trainer.meanwhile.snapshot();
  const { epochs, steps, verdicts, probes } = log?.history ?? emptyHistory();
  const health = healthTable(steps);
  return {
    options,
    dataset: {
      name: 'own',
      imageShape: [...imageShape],
      classNames: trainer.classNames,
      trainSamples: log?.trainSamples ?? 1,
      testSamples: log?.testSamples ?? 0,
      ...(fit !== 'cover' && { pictureFit: fit }),
      ...(levels && { pictureLevels: levels }),
    },
    epochs: Math.max(1, snapshot.progress.epochs),
    history: {
      epochs: [...epochs],
      steps: steps.map(withoutHealth),
      verdicts: [...verdicts],
      probes: [...probes],
      ...(health && { health }),
    },
    snapshot,
  };
}

/** Returns a single file unchanged and several files as an uncompressed archive, because weights hardly compress. */
function packed(files: ReturnType<typeof exportModel>): Uint8Array<ArrayBuffer> {
  if (files.length === 1) return files[0]!.bytes;
  return zipSync(Object.fromEntries(files.map(({ name, bytes }) => [name, bytes])), { level: 0 });
}

const isHandle = (to: unknown): to is FileSystemFileHandle =>
  typeof to === 'object' && to !== null && 'createWritable' in to;

function requireTarget(to: SaveTarget): void {
  if (isHandle(to) || storedName(to)) return;
  throw new ConfigurationError({
    what: 'A model cannot be saved to this destination',
    found: to,
    expected: "a FileSystemFileHandlefrom showSaveFilePicker(), or 'indexeddb://' followed by a name",
    fix: 'omit `to`: save() then returns a Blob',
  });
}

async function write(file: Blob, to: SaveTarget): Promise<void> {
  if (!isHandle(to)) return storeModel(storedName(to)!, file);
  const stream = await to.createWritable();
  await stream.write(file);
  await stream.close();
}
