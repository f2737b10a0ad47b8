import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { WgradError } from '../../errors.ts';
import type { SweepFile } from '../../report/sweep_file.ts';
import { sweepCsv, sweepReport } from '../../report/sweep_report.ts';
import { reportWritten, writeWhole } from '../whole_file.ts';
import { conclude, folderOf } from './sweep.ts';
import { SweepFolder } from './sweep_folder.ts';

export interface SweepReportOptions {
  folder?: string;
  out?: string;
  csv?: string;
  json?: string;
}

/** Opens the folder of a sweep, given its plan or the folder. */
function sweepAt(plan: string | undefined, folder: string | undefined): SweepFolder {
  if (folder !== undefined || plan === undefined) return SweepFolder.open(folder ?? '.');
  return SweepFolder.open(existsSync(join(plan, 'sweep.json')) ? plan : folderOf(plan));
}

/** `wgrad sweep status` */
export function sweepStatus(plan: string | undefined, { folder }: SweepReportOptions): void {
  conclude(sweepAt(plan, folder), {});
}

/** `wgrad sweep report` */
export function reportSweep(plan: string | undefined, { folder: named, ...files }: SweepReportOptions): void {
  const { path, file } = sweepAt(plan, named);
  writeReport(file, path, { out: join(path, 'report.html'), ...files });
}

/**
 * Writes the report of a sweep, and its trials as CSV and JSON.
 *
 * @param place location of the sweep, for errors.
 * @throws WgradError for a sweep without a result.
 */
export function writeReport(
  file: SweepFile,
  place: string,
  { out, csv, json }: Pick<SweepReportOptions, 'csv' | 'json'> & { out: string },
): void {
  if (!file.trials.some(({ metric }) => metric !== null)) {
    throw new WgradError({
      what: 'The sweep has no result yet',
      found: `${place}: ${file.trials.filter(({ status }) => status === 'failed').length} of ${file.trials.length} trials failed, the others wait`,
      fix: 'write the report when a trial is done',
    });
  }
  writeWhole(out, sweepReport(file));
  if (csv) writeWhole(csv, sweepCsv(file));
  if (json) writeWhole(json, `${JSON.stringify(file, null, 1)}\n`);
  for (const path of [out, csv, json]) if (path) reportWritten(path);
}
