import { ConfigurationError, DataError } from '../errors.ts';
import { importModel } from '../formats/import_model.ts';
import { optionsOfRun, runOfModel } from '../formats/model_of_run.ts';
import { isRun } from '../formats/run_container.ts';
import { parseRun, type SavedRun } from '../formats/run_file.ts';
import type { Gpu } from '../gpu/device.ts';
import { runnableVariants } from '../gpu/runnable_variants.ts';
import { compileModel } from '../model/graph.ts';
import { transferWeights } from '../model/transfer.ts';
import type { TrainerOptions } from '../train/trainer_options.ts';
import type { ModelSource } from './load_trainer.ts';
import { storedModel, storedName } from './model_store.ts';
import { createTrainer, Trainer } from './trainer.ts';

/**
 * The kernel variants recorded in a saved run. They are used instead of the tuner's current choices, so that the resumed run gives
 * bit-identical results.
 */
export const recordedVariants = (
  { tuning, traits }: Gpu,
  { kernelVariants }: TrainerOptions,
): Pick<TrainerOptions, 'kernelVariants'> =>
  kernelVariants || tuning !== 'off' ? { kernelVariants: runnableVariants(kernelVariants ?? {}, traits) } : {};

/** Implements `loadTrainer`; see its docstring. */
export async function openModel(gpu: Gpu, from: ModelSource, options: Partial<TrainerOptions>): Promise<Trainer> {
  const run = await readRun(from);
  const saved = optionsOfRun(run);
  const { model, optimizer } = options;
  const isOther = model !== undefined || optimizer !== undefined;
  const outputsStay = model === undefined;
  const { classNames, ...others } = saved;
  const variants = recordedVariants(gpu, saved);
  const trainer = createTrainer(gpu, {
    ...others,
    ...(outputsStay && classNames && { classNames }),
    ...variants,
    ...options,
  });
  try {
    if (isOther) {
      const { weights } = transferWeights(
        { model: compileModel(run.options.model), weights: run.snapshot.weights },
        trainer.model,
        options.seed ?? saved.seed ?? 0,
      );
      await trainer.setWeights(weights);
    } else {
      await trainer.restore(run.snapshot);
      const { trainSamples, testSamples } = run.dataset;
      Trainer.resume(trainer, { trainSamples, testSamples, history: run.history });
    }
    return trainer;
  } catch (error) {
    trainer.dispose();
    throw error;
  }
}

async function readRun(from: ModelSource): Promise<SavedRun> {
  const { name, bytes, beside } = await read(from);
  if (isRun(bytes)) return parseRun(bytes, name);
  const files = new Map<string, Uint8Array>();
  for (const path of weightFiles(bytes)) files.set(path, await beside(path));
  const { notes: _, ...model } = await importModel({ name, bytes }, { read: (path) => files.get(path)! });
  return runOfModel(model);
}

interface Read {
  name: string;
  bytes: Uint8Array;
  /** Reads another file of the same folder. */
  beside: (path: string) => Promise<Uint8Array>;
}

async function read(from: ModelSource): Promise<Read> {
  const stored = storedName(from);
  if (stored !== undefined) return fileOf(await storedModel(stored), stored);
  if (typeof from === 'string' || from instanceof URL) return fetched(new URL(from, globalThis.location?.href));
  if (Array.isArray(from)) return ofFiles(from as readonly File[]);
  if (from instanceof ArrayBuffer || ArrayBuffer.isView(from)) return fileOf(new Blob([from as BlobPart]), 'The file');
  if (from instanceof Blob) return fileOf(from, from instanceof File ? from.name : 'The file');
  if (typeof from === 'object' && from !== null && 'getFile' in from) return fileOf(await from.getFile(), from.name);
  throw new ConfigurationError({
    what: 'A model cannot be loaded from this value',
    found: from,
    expected: "a Blob, a file's bytes, a FileSystemFileHandle, a URL, 'indexeddb://' with a name, or a list of Files",
  });
}

const bytesOf = async (file: Blob) => new Uint8Array(await file.arrayBuffer());

async function fileOf(file: Blob, name: string): Promise<Read> {
  const beside = (path: string) => {
    throw new DataError({
      what: `The weights of ${name} are in another file, ${path}`,
      found: 'one file',
      fix: 'pass a list of all its files, or a URL',
    });
  };
  return { name, bytes: await bytesOf(file), beside };
}

/** Reads a model.json with its weights, or a single file. */
async function ofFiles(files: readonly File[]): Promise<Read> {
  const main = files.length === 1 ? files[0] : files.find(({ name }) => name.endsWith('.json'));
  if (!main) {
    throw new DataError({
      what: 'There is no model among these files',
      found: files.map(({ name }) => name).join(', ') || 'no files',
      expected: 'one file, or the model.json of TensorFlow.js with its weights',
    });
  }
  const beside = async (path: string) => {
    const file = files.find(({ name }) => name === path.split('/').at(-1));
    if (file) return bytesOf(file);
    throw new DataError({
      what: `${main.name} names weights that are not among the files`,
      found: path,
      expected: files.map(({ name }) => name).join(', '),
    });
  };
  return { name: main.name, bytes: await bytesOf(main), beside };
}

async function fetched(url: URL): Promise<Read> {
  const get = async (at: URL) => {
    const response = await fetch(at).catch((cause: unknown) => {
      throw new DataError({ what: `${at} cannot be fetched`, found: String(cause) }, { cause });
    });
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    throw new DataError({ what: `${at} cannot be fetched`, found: `${response.status} ${response.statusText}` });
  };
  const name = url.pathname.split('/').at(-1) || url.href;
  return { name, bytes: await get(url), beside: (path) => get(new URL(path, url)) };
}

/** The weight files named in a TensorFlow.js model.json; empty for other formats. */
function weightFiles(bytes: Uint8Array): string[] {
  if (bytes[0] !== 0x7b) return []; // {
  try {
    const { weightsManifest } = JSON.parse(new TextDecoder().decode(bytes)) as {
      weightsManifest?: { paths: string[] }[];
    };
    return (weightsManifest ?? []).flatMap(({ paths }) => paths).filter((path) => typeof path === 'string');
  } catch {
    return []; // importModel reports the error
  }
}
