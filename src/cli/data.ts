import type { Command } from 'commander';
import { datasetNames, inspectDatasets } from '../data/index.ts';
import type { ReadingOptions } from '../data/reading_options.ts';
import { yesOption } from './adapter_options.ts';
import { folderKinds, readParts } from './datasets.ts';
import { getDataset } from './get_dataset.ts';
import { classTable, cleaningLine, findingTable } from './inspection_report.ts';
import { readingLines } from './run.ts';
import { addFolderOptions } from './run_options.ts';
import { dataLine } from './training_report.ts';
import { jsonOption, oneOf } from './values.ts';
import { writeJson } from './whole_file.ts';

interface InspectOptions extends ReadingOptions {
  chrome?: string;
  json?: string;
  yes: boolean;
}

/** `wgrad data` */
export function addDataCommands(wgrad: Command): void {
  const data = wgrad.command('data').description('check a data set, or download one');
  addFolderOptions(data.command('inspect'))
    .description('count the images of each class and find duplicates, leaks, constant images and invalid labels')
    .argument('<data set>', `${datasetNames.join(', ')}, or a folder with ${folderKinds}`)
    .addOption(jsonOption('write all findings as JSON'))
    .option('--chrome <path>', 'path of the Chrome, Chromium or Edge that decodes pictures')
    .addOption(yesOption())
    .action(inspect);
  data
    .command('get')
    .description('download a data set and verify that it is the published one')
    .argument('<data set>', datasetNames.join(', '), oneOf('The data set to get', datasetNames))
    .addOption(yesOption())
    .action((name, { yes }) => getDataset(name, { yes }));
}

/** `wgrad data inspect` */
async function inspect(name: string, { json, ...folder }: InspectOptions): Promise<void> {
  const { parts: pair, reading } = await readParts(name, folder);
  const inspection = inspectDatasets(pair);
  const { train, test, imageShape, classNames } = inspection;
  console.log(dataLine(name, { train: train.count, test: test.count, imageShape, classNames }));
  for (const line of readingLines(reading)) console.log(line);
  console.log(classTable(inspection));
  console.log(findingTable(inspection, pair));
  console.log(cleaningLine(inspection));
  if (json) writeJson(json, { dataset: name, ...inspection });
}
