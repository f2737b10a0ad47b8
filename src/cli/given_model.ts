import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { ConfigurationError, DataError } from '../errors.ts';
import { importModel } from '../formats/import_model.ts';
import { runOfModel } from '../formats/model_of_run.ts';
import { isRun } from '../formats/run_container.ts';
import { parseRun, type SavedRun } from '../formats/run_file.ts';
import type { ImportedModel } from '../formats/tensorflow.ts';
import type { Model } from '../model/graph.ts';

export function readGiven(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ConfigurationError(
      {
        what: `${path} cannot be read`,
        found: code === 'ENOENT' ? 'no such file or folder' : message,
        expected: "a run written by --save, or another program's model",
      },
      { cause },
    );
  }
}

const isFolder = (path: string) => existsSync(path) && statSync(path).isDirectory();

/**
 * Imports another program's model.
 *
 * @param given a file, or the folder of a TensorFlow.js model.
 * @param model the network for a safetensors file that does not contain it.
 */
export async function importGiven(given: string, model?: Record<string, unknown>): Promise<ImportedModel> {
  const path = isFolder(given) ? join(given, 'model.json') : given;
  const folder = dirname(resolve(path));
  const read = (name: string) => {
    const file = resolve(folder, name);
    if (relative(folder, file).startsWith('..')) {
      throw new DataError({ what: `${path} refers to weights outside of its folder`, found: name });
    }
    return readGiven(file);
  };
  return importModel(
    { name: basename(path), bytes: readGiven(path) },
    { read, ...(model && { model: model as unknown as Model }) },
  );
}

/** Reads the model of `predict`, `evaluate` and `train --from`: a run of wgrad, or another program's model converted to one. */
export async function readRunOrModel(given: string): Promise<SavedRun> {
  const bytes = isFolder(given) ? undefined : readGiven(given);
  if (bytes && isRun(bytes)) return parseRun(bytes, given);
  const { notes: _, ...model } = await importGiven(given);
  if (model.weights) return runOfModel(model);
  throw new DataError({
    what: `${given} is a network without weights`,
    found: 'the layers alone',
    expected: 'a run written by --save, or a model with its weights',
    fix: 'train it first: wgrad import creates a run from it',
  });
}
