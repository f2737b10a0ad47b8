import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAugmentation } from '../augment/pipeline.ts';
import { takeFirst } from '../data/index.ts';
import { count, counted } from '../figures.ts';
import { Interrupts } from './interrupts.ts';
import { cleanedLines, readCleaned } from './run.ts';
import { augmentationOf, type RunOptions } from './run_options.ts';
import { Session } from './session.ts';
import { adapterLine } from './training_report.ts';

type Shared = Pick<RunOptions, 'dataset' | 'clean' | 'augment' | 'seed' | 'adapter' | 'chrome'>;

export interface SheetCommandOptions extends Shared {
  images: number;
  draws: number;
  each: boolean;
  out: string;
  save?: string;
}

/** `wgrad sheet` */
export async function sheet(options: SheetCommandOptions): Promise<void> {
  const { dataset, seed, images, draws, each, adapter, chrome, out, save } = options;
  const { datasets: whole, dropped } = await readCleaned(options);
  const { train, test } = whole;
  const augmentation = augmentationOf(options);
  // Told here, before a Chrome is started.
  parseAugmentation(augmentation, train.imageShape);
  const datasets = { train: takeFirst(train, images), test: takeFirst(test, 1) };
  let session: Session | undefined;
  const interrupts = new Interrupts(async () => session?.close());
  try {
    session = await Session.open({ adapter, chrome, datasets: () => datasets, report: console.error });
    console.log(adapterLine(session.adapter));
    if (dropped) for (const line of cleanedLines(dropped, whole)) console.log(line);
    const order = { augmentation, seed, images, draws, each, singles: save !== undefined };
    const pictures = await session.call('sheet', order);
    writeFileSync(out, Buffer.from(pictures.sheet, 'base64'));
    console.log(
      `written  ${out}: ${counted(datasets.train.count, 'image')} of ${dataset}, ${counted(draws, 'draw')} of each`,
    );
    if (save === undefined) return;
    mkdirSync(save, { recursive: true });
    for (const { name, png } of pictures.singles) writeFileSync(join(save, `${name}.png`), Buffer.from(png, 'base64'));
    console.log(`written  ${count(pictures.singles.length)} PNG files into ${save}`);
  } finally {
    interrupts.dispose();
    await session?.close();
  }
}
