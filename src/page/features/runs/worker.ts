import { transfer } from 'comlink';
import { DataError } from '../../../errors.ts';
import { exportModel, type ModelFormat } from '../../../formats/export_model.ts';
import { modelOfRun } from '../../../formats/model_of_run.ts';
import type { ModelFile } from '../../../formats/trained_model.ts';
import { packZip } from '../../../formats/zip.ts';
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
  const made = files.length === 1 ? file : { name: `${format}.zip`, bytes: packZip(files) };
  return transfer(made, [made.bytes.buffer]);
}
