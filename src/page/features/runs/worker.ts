import { transfer } from 'comlink';
import { zipSync } from 'fflate';
import { DataError } from '../../../errors.ts';
import { exportModel, type ModelFormat } from '../../../formats/export_model.ts';
import { modelOfRun } from '../../../formats/model_of_run.ts';
import type { ModelFile } from '../../../formats/trained_model.ts';
import { trainerOptionsOf } from '../../../session/run_request.ts';
import { current } from '../run/worker.ts';

/** The model of the current network in another program's format: a file, or a ZIP archive of several. */
export async function exportedModel(format: ModelFormat): Promise<ModelFile> {
  const run = current();
  if (!run) throw new DataError({ what: 'There is no model to export', fix: 'train first' });
  const { paused: _, ...request } = run.request;
  const snapshot = await run.trainer.meanwhile.snapshot();
  const files = exportModel(modelOfRun({ options: trainerOptionsOf(request), dataset: run, snapshot }), format);
  const [file] = files as [ModelFile];
  const entries = Object.fromEntries(files.map(({ name, bytes }) => [name, bytes]));
  const made = files.length === 1 ? file : { name: `${format}.zip`, bytes: zipSync(entries, { level: 0 }) };
  return transfer(made, [made.bytes.buffer]);
}
