import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { identifyFiles } from '../data/identify.ts';
import { ConfigurationError, DataError } from '../errors.ts';
import { counted, figure } from '../figures.ts';
import { optionsOfRun } from '../formats/model_of_run.ts';
import { metricOf } from '../model/loss.ts';
import { fillTrainerOptions } from '../train/fill_trainer_options.ts';
import { type AdapterOptions, addAdapterOptions } from './adapter_options.ts';
import { readRunOrModel } from './given_model.ts';
import { type PicturePrediction, pictureFile } from './headless/model_files.ts';
import type { ServedFiles } from './served_files.ts';
import { servedModel } from './served_runs.ts';
import { table } from './tables.ts';
import { filesIn } from './user_folder.ts';
import { integer, jsonOption } from './values.ts';
import { writeWhole } from './whole_file.ts';
import { withSession } from './with_session.ts';

interface PredictCommandOptions extends AdapterOptions {
  top: number;
  json?: string;
}

/** Number of pictures sent to the page at a time. */
const atOnce = 32;

/** `wgrad predict` */
export function addPredictCommand(wgrad: Command): void {
  addAdapterOptions(
    wgrad
      .command('predict')
      .description('classify pictures with a trained model')
      .argument('<model>', "a run written by --save, or another program's model that import can read")
      .argument('<pictures...>', 'picture files, or folders of pictures')
      .option('--top <n>', 'number of most probable classes to list for each picture', integer('--top', { min: 1 }), 3)
      .addOption(jsonOption('write the predictions as JSON')),
  ).action(predictPictures);
}

interface NamedPicture {
  path: string;
  read: () => Uint8Array | Promise<Uint8Array>;
}

async function predictPictures(
  given: string,
  paths: readonly string[],
  { top, json, ...options }: PredictCommandOptions,
): Promise<void> {
  const run = await readRunOrModel(given);
  const pictures = (await Promise.all(paths.map(picturesAt))).flat();
  const trainerOptions = optionsOfRun(run);
  const { loss } = fillTrainerOptions(trainerOptions);
  const channels = trainerOptions.pictures!.imageShape![2];
  if (channels !== 1 && channels !== 3) {
    throw new ConfigurationError({
      what: 'Pictures have 1 or 3 channels, but the model expects a different number',
      found: `${given}: ${channels} channels`,
      expected: '1 or 3 channels',
    });
  }
  const hasClasses = metricOf(loss) === 'accuracy';
  const files: ServedFiles = new Map([
    ...servedModel(run),
    ...pictures.map(({ read }, i): [string, NamedPicture['read']] => [`/${pictureFile(i)}`, read]),
  ]);
  const opening = { ...options, files, datasets: noDatasets, report: console.error };
  const predictions = await withSession(opening, async (session) => {
    const all: PicturePrediction[] = [];
    await session.call('openModel');
    for (let first = 0; first < pictures.length; first += atOnce) {
      const order = Array.from({ length: Math.min(atOnce, pictures.length - first) }, (_, i) => first + i);
      all.push(...(await session.call('predict', order, hasClasses ? top : undefined)));
    }
    return all;
  });
  const named = predictions.map((prediction, i) => ({ picture: pictures[i]!.path, ...prediction }));
  if (json !== undefined) writeWhole(json, `${JSON.stringify(named, undefined, 2)}\n`);
  if (json !== '-') console.log(predictionTable(named));
  const failed = named.filter((prediction) => 'error' in prediction);
  if (failed.length === 0) return;
  throw new DataError({
    what: `${counted(failed.length, 'picture')} of ${predictions.length} cannot be decoded`,
    found: failed.map(({ picture }) => picture).join(', '),
    expected: 'PNG, JPEG, WebP, GIF, BMP or AVIF',
  });
}

const noDatasets = () => {
  throw new DataError({ what: 'wgrad predict takes pictures, not a data set' });
};

/** A single file is treated as a picture regardless of its content; in a folder, only picture files are. */
async function picturesAt(path: string): Promise<NamedPicture[]> {
  if (!existsSync(path)) {
    throw new ConfigurationError({ what: 'The picture does not exist', found: path, expected: 'a file or a folder' });
  }
  if (!statSync(path).isDirectory()) return [{ path, read: () => readFileSync(path) }];
  const files = await identifyFiles(filesIn(path));
  const pictures = files.filter(({ format }) => format.kind === 'picture');
  if (pictures.length > 0) {
    return pictures.map((each) => ({
      path: join(path, each.path),
      read: async () => new Uint8Array(await each.file.arrayBuffer()),
    }));
  }
  throw new ConfigurationError({
    what: 'The folder has no pictures',
    found: `${path}: ${counted(files.length, 'file')}`,
    expected: 'PNG, JPEG, WebP, GIF, BMP or AVIF',
  });
}

type Named = PicturePrediction & { picture: string };

const percent = (probability: number) => `${(100 * probability).toFixed(1)} %`;

function predictionTable(predictions: readonly Named[]): string {
  const cells = predictions.map((prediction) => {
    if ('error' in prediction) return [prediction.error];
    if ('outputs' in prediction) return prediction.outputs.map(figure);
    return prediction.classes.flatMap(({ className, probability }) => [className, percent(probability)]);
  });
  const columns = Math.max(...cells.map(({ length }) => length));
  const ofNumbers = predictions.some((prediction) => 'outputs' in prediction);
  const head = Array.from({ length: columns }, (_, i) =>
    ofNumbers ? `output ${i + 1}` : i % 2 ? 'probability' : i === 0 ? 'class' : `class ${i / 2 + 1}`,
  );
  const rows = predictions.map(({ picture }, n) => [picture, ...head.map((_, i) => cells[n]![i] ?? '')]);
  return table(['picture', ...head], rows, 2);
}
