import { type EpochRecord, modelSummary, type StepRecord, type Verdict } from '../../../index.ts';
import { modelOf, type SettledExperiment } from '../../app/experiment.ts';
import { decode } from '../../app/experiment_url.ts';
import { type History, type LayerPicture, Run } from '../run/run.ts';
import { sampleRun } from '../run/shown_run.ts';
import { experiments } from './experiments.ts';
import { type RecordedRun, readFigures, readPlaces } from './recorded.ts';
import recorded from './sample.json';

/** A recording of the first experiment, so that the page shows a run before anything is trained. */

const imageShape = [8, 8, 1] as const;
const classNames = Array.from({ length: 10 }, (_, digit) => String(digit));

export function showSample(): void {
  sampleRun.value = runOf(recorded as unknown as RecordedRun);
}

/** Converts a recording to a run, as if it had been trained here. */
function runOf(record: RecordedRun): Run {
  const experiment = decode(experiments[0]!.parameters).experiment as SettledExperiment;
  const model = modelOf(experiment, imageShape, { classNames });
  const epochs = record.steps / record.stepsPerEpoch;
  const plan = { epochs, trainSamples: 0, testSamples: 0, cut: false };
  const run = new Run(experiment, plan, modelSummary(model), classNames, imageShape);
  run.addHistory(historyOf(record), record.stepsPerEpoch);
  run.pictures = ['images', ...Object.keys(record.layers)].map((layer, i) => pictureOf(layer, record.pictures[i]!));
  run.end();
  return run;
}

/** Images and layers are almost square: their last rows may be missing. */
function pictureOf(layer: string, text: string): LayerPicture {
  const pixels = Uint8Array.from(readPlaces(text), (place) => 127.5 * (place! + 1));
  const width = Math.ceil(Math.sqrt(pixels.length));
  return { layer, width, height: Math.ceil(pixels.length / width), pixels };
}

function historyOf({
  steps,
  span,
  stepsPerEpoch,
  loss,
  accuracy,
  validation,
  layers,
  ...record
}: RecordedRun): History {
  const figures = Object.entries(layers).map(([layer, { reach, norm, updateRatio }]) => ({
    layer,
    reach: readFigures(reach),
    norm: readFigures(norm),
    updateRatio: readFigures(updateRatio),
  }));
  /** Maps each step to the row that stands for it. */
  const rows = Array.from({ length: steps }, (_, step) => Math.floor(step / span));
  const column = (values: readonly (number | null)[]) => rows.map((row) => values[row] ?? null);
  return {
    epochs: validation.map(
      ([validationLoss, validationAccuracy], i): EpochRecord => ({
        epoch: i + 1,
        loss: loss[Math.ceil(((i + 1) * stepsPerEpoch) / span) - 1]!,
        validationLoss,
        validationAccuracy,
        seconds: 0,
        imagesPerSecond: 0,
        gradientNorms: {},
      }),
    ),
    steps: rows.map(
      (row, i): StepRecord => ({
        step: i + 1,
        epoch: 1 + Math.floor(i / stepsPerEpoch),
        loss: loss[row]!,
        accuracy: accuracy[row]!,
        samples: 0,
        skipped: false,
        gradientNorms: Object.fromEntries(figures.map(({ layer, norm }) => [layer, norm[row] ?? 0])),
      }),
    ),
    verdicts: record.verdicts.map(({ remedy, ...verdict }) => ({
      ...(verdict as Pick<Verdict, 'layer' | 'verdict' | 'step' | 'epoch'>),
      sentence: '',
      remedy: record.remedies[remedy] ?? '',
    })),
    probes: [],
    health: {
      steps: rows.map((_, step) => step + 1),
      layers: Object.fromEntries(
        figures.map(({ layer, reach, updateRatio }, i) => {
          const next = figures[i + 1]?.reach;
          const transport = reach.map((value, row) => (next && value !== null ? value / next[row]! : null));
          return [
            layer,
            {
              reach: column(reach),
              updateRatio: column(updateRatio),
              transport: column(transport),
              dead: column([]),
            },
          ];
        }),
      ),
    },
  };
}
