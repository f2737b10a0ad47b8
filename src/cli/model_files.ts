import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Command, Option } from 'commander';
import { ConfigurationError, SetupError } from '../errors.ts';
import { counted } from '../figures.ts';
import { exportModel, type ModelFormat, modelFormats } from '../formats/export_model.ts';
import { formatHtml } from '../formats/html.ts';
import { makeFolder } from '../formats/make_folder.ts';
import { modelOfRun, runOfModel } from '../formats/model_of_run.ts';
import type { OnnxInput } from '../formats/onnx/onnx.ts';
import { formatRun, parseRun } from '../formats/run_file.ts';
import { modelSummary } from '../index.ts';
import { importGiven, readGiven } from './given_model.ts';
import { namedOrJson, oneOf, outputFile, outputFolder } from './values.ts';
import { writeWhole } from './whole_file.ts';

/** Only the command can write HTML: it adds a script from the package. */
const commandFormats = [...modelFormats, 'html'] as const;

/** `wgrad export` and `wgrad import` */
export function addModelCommands(wgrad: Command): void {
  wgrad
    .command('export')
    .description("write a saved run's model in another program's format")
    .argument('<run>', 'a run written by --save')
    .requiredOption('--format <name>', commandFormats.join(', '), oneOf('--format', commandFormats))
    .requiredOption('--out <path>', 'file to write; for tfjs, keras and pytorch, a folder')
    .addOption(
      new Option('--input <type>', 'input type of an ONNX graph: floats (default) or bytes').argParser(
        oneOf('--input', ['floats', 'bytes']),
      ),
    )
    .action(exportRun);
  wgrad
    .command('import')
    .description("create a run from another program's model")
    .argument(
      '<model>',
      "an .onnx, .keras, .h5 or .safetensors file, a TensorFlow.js model.json or its folder, or Keras' to_json()",
    )
    .requiredOption('--out <run>', 'file to write, which the training page can load', outputFile('--out'))
    .option(
      '--model <json>',
      "model in wgrad's JSON (text or file), for a safetensors file or Keras weights, which do not contain one",
      namedOrJson<Record<string, unknown>>('--model', []),
    )
    .action(importRun);
}

/** Located next to the built command, or in a clone's build folder. */
function standaloneScript(): string {
  for (const path of ['../standalone/standalone.js.gz', '../../dist/standalone/standalone.js.gz']) {
    try {
      return gunzipSync(readFileSync(new URL(path, import.meta.url))).toString();
    } catch {}
  }
  throw new SetupError({
    what: 'The script of the HTML page has not been built',
    found: 'no dist/standalone/standalone.js.gz',
    fix: 'in a clone, type: npx vite build --mode standalone',
  });
}

/** `wgrad export` */
function exportRun(path: string, options: { format: ModelFormat | 'html'; out: string; input?: OnnxInput }): void {
  const { format, input, out } = options;
  const trained = modelOfRun(parseRun(readGiven(path), path));
  if (format === 'html') {
    if (input !== undefined) {
      throw new ConfigurationError({ what: 'input is an option of onnx, and html has none', found: input });
    }
    writeWhole(outputFile('--out')(out), formatHtml(trained, standaloneScript()));
    console.log(`written  ${out}`);
    return;
  }
  const files = exportModel(trained, format, input === undefined ? {} : { input });
  if (files.length === 1) {
    writeWhole(outputFile('--out')(out), files[0]!.bytes);
    console.log(`written  ${out}`);
    return;
  }
  makeFolder(outputFolder('--out')(out));
  for (const { name, bytes } of files) {
    writeWhole(join(out, name), bytes);
    console.log(`written  ${join(out, name)}`);
  }
}

/** `wgrad import` */
async function importRun(
  given: string,
  { out, model }: { out: string; model?: Record<string, unknown> },
): Promise<void> {
  const { notes, ...imported } = await importGiven(given, model);
  writeWhole(out, formatRun(runOfModel(imported)));
  for (const note of notes) console.log(`note     ${note}`);
  const layers = modelSummary(imported.model);
  const weights = imported.weights ? 'with its weights' : 'without weights: training starts with new ones';
  console.log(`read     ${given}: ${counted(layers.length, 'layer')}, ${weights}`);
  console.log(`written  ${out}`);
}
