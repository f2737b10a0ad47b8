import { classifierSummary, type Dataset, type SavedRun } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import {
  type RecordedRun,
  type SmallMap,
  type Thumbnail,
  writeFigures,
  writePlaces,
} from '../../src/page/features/experiments/recorded.ts';
import { layerPicture } from '../../src/page/features/network/layer_picture.ts';
import { relativePlace } from '../../src/page/plots/relative_place.ts';
import { sampleGradients } from '../../src/reference/network.ts';
import { estimatedStepMs, runSeconds } from '../../src/train/run_time.ts';

/** Extracts from runs what the gallery and the sample show. */

/** Number of columns of a thumbnail. */
const columns = 24;
/** Maximum number of columns of the sample. */
const rows = 48;

type Numbers = readonly (number | null)[];

/** Means of the logarithms over spans, as on the map; null if a span is empty. */
function spans(values: Numbers, count: number, length: number): (number | null)[] {
  return Array.from({ length: count }, (_, i) => {
    const logs = values
      .slice(i * length, (i + 1) * length)
      .flatMap((value) => (value !== null && value > 0 && Number.isFinite(value) ? [Math.log(value)] : []));
    return logs.length ? Math.exp(logs.reduce((sum, each) => sum + each, 0) / logs.length) : null;
  });
}

export function smallMapOf({ history }: SavedRun): SmallMap {
  const layers = Object.values(history.health?.layers ?? {});
  return layers.map(({ reach }) => {
    const length = reach.length / columns;
    const column = (i: number) =>
      spans(reach.slice(Math.floor(i * length), Math.ceil((i + 1) * length)), 1, Infinity)[0]!;
    const means = Array.from({ length: columns }, (_, i) => column(i));
    return writePlaces(means.map((value) => (value === null ? null : relativePlace(value))));
  });
}

/** The combined time per step of several networks, and their number of steps, including validation. */
export function costOf(runs: readonly SavedRun[]): Pick<Thumbnail, 'stepMs' | 'steps'> {
  const batch = 32;
  const [{ dataset, epochs }] = runs as [SavedRun];
  const each = runs.map(({ options }) => estimatedStepMs(classifierSummary(options.model, options.loss), batch));
  const plan = { ...dataset, epochs, cut: false };
  return {
    stepMs: Number(each.reduce((sum, ms) => sum + ms, 0).toPrecision(3)),
    steps: Math.round(runSeconds(plan, batch, 1000)),
  };
}

/** The first image and each measured layer's output for it, as the drawing of the network shows them. */
function picturesOf({ options, snapshot, history }: SavedRun, { images, imageShape, labels }: Dataset): string[] {
  const image = images.slice(
    0,
    imageShape.reduce((size, side) => size * side),
  );
  const model = compileModel(options.model);
  const { layers, outputs } = sampleGradients(
    model,
    snapshot.weights,
    Array.from(image, (byte) => byte / 255),
    labels[0]!,
  );
  const names = Object.keys(history.health!.layers);
  const pictures = names.map((layer, i) => {
    const values = Float32Array.from(i === names.length - 1 ? outputs : layers[layer]!.values);
    return layerPicture({ layer, shape: [values.length], values }).pixels;
  });
  return [image, ...pictures].map((pixels) => writePlaces(Array.from(pixels, (byte) => byte / 127.5 - 1)));
}

/** @param test the validation images that it was trained with. */
export function recordedOf(run: SavedRun, test: Dataset): RecordedRun {
  const { steps, epochs, verdicts, health } = run.history;
  const span = Math.ceil(steps.length / rows);
  const count = Math.ceil(steps.length / span);
  const mean = (of: (step: (typeof steps)[number]) => number) =>
    Array.from({ length: count }, (_, i) => {
      const part = steps.slice(i * span, (i + 1) * span);
      return Number((part.reduce((sum, step) => sum + of(step), 0) / part.length).toPrecision(3));
    });
  const remedies = [...new Set(verdicts.map(({ remedy }) => remedy))];
  const figures = (values: Numbers) => writeFigures(spans(values, count, span));
  return {
    steps: steps.length,
    span,
    stepsPerEpoch: steps.length / epochs.length,
    loss: mean(({ loss }) => loss),
    accuracy: mean(({ accuracy }) => accuracy ?? 0),
    validation: epochs.map(({ validationLoss, validationAccuracy }) => [
      Number(validationLoss!.toPrecision(3)),
      Number(validationAccuracy!.toPrecision(3)),
    ]),
    pictures: picturesOf(run, test),
    layers: Object.fromEntries(
      Object.entries(health!.layers).map(([layer, { reach, updateRatio }]) => [
        layer,
        {
          reach: figures(reach),
          norm: figures(steps.map(({ gradientNorms }) => gradientNorms[layer]!)),
          updateRatio: figures(updateRatio),
        },
      ]),
    ),
    verdicts: verdicts.map(({ layer, verdict, step, epoch, remedy }) => ({
      layer,
      verdict,
      step,
      epoch,
      remedy: remedies.indexOf(remedy),
    })),
    remedies,
  };
}
