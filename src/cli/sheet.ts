import { join } from 'node:path';
import { parseAugmentation } from '../augment/pipeline.ts';
import { takeFirst } from '../data/index.ts';
import { count, counted } from '../figures.ts';
import { makeFolder } from '../formats/make_folder.ts';
import type { FolderOptions } from './datasets.ts';
import { cleanedLines, readCleaned, readingLines } from './run.ts';
import type { RunOptions } from './run_options.ts';
import { augmentationOf } from './trainer_settings.ts';
import { adapterLine } from './training_report.ts';
import { writeWhole } from './whole_file.ts';
import { withSession } from './with_session.ts';

export interface SheetCommandOptions
  extends Pick<RunOptions, 'dataset' | 'clean' | 'augment' | 'seed' | 'adapter'>,
    FolderOptions {
  images: number;
  draws: number;
  each: boolean;
  out: string;
  save?: string;
}

/** `wgrad sheet` */
export async function sheet(options: SheetCommandOptions): Promise<void> {
  const { dataset, seed, images, draws, each, adapter, host, chrome, browserTimeout, yes, out, save } = options;
  const { datasets: whole, dropped, reading } = await readCleaned(options);
  const { train, test } = whole;
  const augmentation = augmentationOf(options);
  // The augmentation is checked before Chrome is started.
  parseAugmentation(augmentation, train.imageShape);
  const datasets = { train: takeFirst(train, images), test: test.count > 0 ? takeFirst(test, 1) : test };
  const opening = { adapter, host, chrome, browserTimeout, yes, datasets: () => datasets, report: console.error };
  await withSession(opening, async (session) => {
    console.log(adapterLine(session.adapter));
    for (const line of readingLines(reading)) console.log(line);
    if (dropped) for (const line of cleanedLines(dropped, whole)) console.log(line);
    const order = { augmentation, seed, images, draws, each, singles: save !== undefined };
    const pictures = await session.call('sheet', order);
    writeWhole(out, Buffer.from(pictures.sheet, 'base64'));
    console.log(
      `written  ${out}: ${counted(datasets.train.count, 'image')} of ${dataset}, ${counted(draws, 'draw')} of each`,
    );
    if (save === undefined) return;
    makeFolder(save);
    for (const { name, png } of pictures.singles) writeWhole(join(save, `${name}.png`), Buffer.from(png, 'base64'));
    console.log(`written  ${count(pictures.singles.length)} PNG files into ${save}`);
  });
}
