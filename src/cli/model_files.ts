import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { ConfigurationError, DataError } from '../errors.ts';
import { counted } from '../figures.ts';
import { exportModel, type ModelFormat, modelFormats } from '../formats/export_model.ts';
import { importModel } from '../formats/import_model.ts';
import { makeFolder } from '../formats/make_folder.ts';
import { modelOfRun, runOfModel } from '../formats/model_of_run.ts';
import type { OnnxInput } from '../formats/onnx/onnx.ts';
import { formatRun, parseRun } from '../formats/run_file.ts';
import { modelSummary } from '../index.ts';
import type { Model } from '../model/graph.ts';
import { namedOrJson, oneOf, outputFile, outputFolder } from './values.ts';
import { writeWhole } from './whole_file.ts';

/** `wgrad export` and `wgrad import` */
export function addModelCommands(wgrad: Command): void {
  wgrad
    .command('export')
    .description("write a saved run's model in another program's format")
    .argument('<run>', 'a run that --save has written')
    .requiredOption('--format <name>', modelFormats.join(', '), oneOf('--format', modelFormats))
    .requiredOption('--out <path>', 'the file, or for tfjs, keras and pytorch the folder')
    .addOption(
      new Option('--input <type>', 'what an ONNX graph takes: floats (default) or bytes').argParser(
        oneOf('--input', ['floats', 'bytes']),
      ),
    )
    .action(exportRun);
  wgrad
    .command('import')
    .description("make a run that begins at another program's model")
    .argument('<model>', "an .onnx or .safetensors file, a TensorFlow.js model.json or its folder, or Keras' to_json()")
    .requiredOption('--out <run>', 'the run, which the training page loads', outputFile('--out'))
    .option(
      '--model <json>',
      "wgrad's model as JSON (text or file), for a safetensors file without one",
      namedOrJson<Record<string, unknown>>('--model', []),
    )
    .action(importRun);
}

function readGiven(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new ConfigurationError({ what: `${path} cannot be read`, found: (cause as Error).message }, { cause });
  }
}

/** `wgrad export` */
function exportRun(path: string, options: { format: ModelFormat; out: string; input?: OnnxInput }): void {
  const { format, input, out } = options;
  const trained = modelOfRun(parseRun(readGiven(path), path));
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
function importRun(given: string, { out, model }: { out: string; model?: Record<string, unknown> }): void {
  const path = existsSync(given) && statSync(given).isDirectory() ? join(given, 'model.json') : given;
  const folder = dirname(resolve(path));
  const read = (name: string) => {
    const file = resolve(folder, name);
    if (relative(folder, file).startsWith('..')) {
      throw new DataError({ what: `${path} names weights outside of its folder`, found: name });
    }
    return readGiven(file);
  };
  const { notes, ...imported } = importModel(
    { name: basename(path), bytes: readGiven(path) },
    { read, ...(model && { model: model as unknown as Model }) },
  );
  writeWhole(out, formatRun(runOfModel(imported)));
  for (const note of notes) console.log(`note     ${note}`);
  const layers = modelSummary(imported.model);
  const weights = imported.weights ? 'with its weights' : 'without weights: it begins with new ones';
  console.log(`read     ${given}: ${counted(layers.length, 'layer')}, ${weights}`);
  console.log(`written  ${out}`);
}
