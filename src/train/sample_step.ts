import { ConfigurationError } from '../errors.ts';
import type { Slice } from '../gpu/memory.ts';
import { readSlices } from '../gpu/readback.ts';
import { RecordReader } from '../health/records.ts';
import { stateFields } from '../kernels/state.ts';
import { trainedTensors } from '../model/graph.ts';
import { elementsOf } from '../model/initializers.ts';
import { isCategorical } from '../model/loss.ts';
import { requireTrained } from '../model/require_trained.ts';
import type { Bound } from '../plan/bind.ts';
import { loadFurtherLayers } from '../plan/load_kernels.ts';
import { Planner } from '../plan/planner.ts';
import { planSample, type SamplePlan, sampleSequences } from '../plan/sample_plan.ts';
import { requireValues } from '../plan/targets.ts';
import { product } from '../product.ts';
import type { Engine } from './engine.ts';
import { requireLabels } from './labels.ts';
import { type Images, type PreparedImages, prepareImages, writeImage } from './predict.ts';
import type { Query } from './queries.ts';
import { evaluatedWeights, type WeightsOption, type WhichWeights } from './which_weights.ts';

/** Options of `Trainer.saliency`. */
export interface SaliencyOptions {
  /** Index of the output; for classification, of the class. By default the largest output for the image. */
  output?: number;
}

/** A layer that the sample passes through. */
export interface SampleLayer {
  /** Name of the layer. */
  layer: string;
  /** Shape of its output: [height, width, channels] or [units]. */
  shape: number[];
  /** Its output, after its activation; for the last layer the model's output. */
  values: Float32Array;
  /**
   * Gradient of the loss with respect to the layer's pre-activation output. For an activation layer whose derivative is
   * computed from its input, such as gelu, with respect to its output.
   */
  deltas: Float32Array;
}

/** A forward and backward pass of one sample, and the update that would follow: the result of `Trainer.sampleStep`. */
export interface SampleStep {
  /** Loss of this sample, including regularization penalties. */
  loss: number;
  /** Learning rate of the update. */
  learningRate: number;
  /** The model's output: class probabilities, or numbers. */
  outputs: Float32Array;
  /** In execution order; layers that compute nothing, such as flatten, are omitted. */
  layers: SampleLayer[];
  /** Gradient of the loss with respect to the network's input image, [height, width, channels]. */
  imageGradient: Float32Array;
  /** The network's input image, [height, width, channels]. */
  image: Float32Array;
  /** The trainable tensors, in Keras' order and layout. */
  tensors: SampleTensor[];
  /** The other tensors: moving statistics and the weights of layers with `trainable: false`, in Keras' order and layout. */
  constants: Pick<SampleTensor, 'layer' | 'name' | 'shape' | 'values'>[];
}

/** A tensor of a layer in a step on one sample. */
export interface SampleTensor {
  /** Name of the layer that it belongs to. */
  layer: string;
  /** `kernel`, `bias` and the like. */
  name: string;
  /** As in Keras: a kernel is [height, width, in, out] or [in, out]. */
  shape: number[];
  /** Values before the update. */
  values: Float32Array;
  /** Gradient of the loss of this sample. */
  gradient: Float32Array;
  /** Amount that the optimizer would add to the values if its next step saw only this sample. */
  update: Float32Array;
}

type BoundSample = Bound<SamplePlan> & { reader: RecordReader };

/** Created by the first call, because most trainers never need it. */
const networks = new WeakMap<Engine, Promise<BoundSample>>();

function networkOf(engine: Engine): Promise<BoundSample> {
  let network = networks.get(engine);
  if (!network) {
    const { gpu, memory, settings } = engine;
    const reader = new RecordReader(settings.model, 'off', { ...settings, batchSize: 1, accumulationSteps: 1 });
    network = loadFurtherLayers().then(async () => {
      const planner = new Planner(gpu.traits, memory);
      const plan = planSample(planner, settings, reader);
      return { ...(await engine.bind(planner, sampleSequences(plan), plan)), reader };
    });
    networks.set(engine, network);
    network.catch(() => networks.delete(engine));
  }
  return network;
}

/**
 * The class of an image, which losses that are not of classes convert as `fit` does; or the numbers or soft labels that the outputs are
 * compared with.
 */
export type SampleLabel = number | ArrayLike<number>;

/** Implements `Trainer.sampleStep`: a step on one sample that changes nothing in training. */
export const sampleStepQuery: Query<[Images, SampleLabel, WeightsOption?], SampleStep> = async (
  { settings, pictures },
  image,
  label,
  options,
) => {
  requireTrained(settings.model);
  const weights = evaluatedWeights(settings, options);
  const prepared = await prepareImages(image, pictures);
  return (engine) => sampleStep(engine, prepared, label, weights);
};

async function sampleStep(
  engine: Engine,
  image: PreparedImages,
  label: SampleLabel,
  weights: WhichWeights,
): Promise<SampleStep> {
  const soft = requireLabel(engine, label);
  const sample = await networkOf(engine);
  const { steps, layers, imageGradient, reader } = sample;
  const { network, training } = steps;
  const { gpu, memory } = engine;
  await take(engine, sample, image, weights);
  writeLabel(engine, sample, label);
  const loss = soft ? training.softLoss! : training.loss;
  engine.run([training.begin, ...network.training.forward, loss, ...network.training.backward, ...training.norms]);
  const { tensors } = network.weights;
  const { model, outputs: count } = engine.settings;
  const fixed = model.tensors.flatMap(({ layer, spec }, at) => (spec.trainable ? [] : { layer, spec, at }));
  const before = await readSlices(gpu, memory, tensors);
  engine.run(steps.update);
  const wanted = [
    ...[training.state, training.records, network.input, imageGradient, steps.probabilities],
    ...layers.flatMap(({ values, delta }) => [values, delta]),
    ...network.gradients.tensors,
    ...tensors,
    ...fixed.map(({ at }) => network.tensors[at]!),
  ];
  const [state, records, input, ofImage, outputs, ...rest] = (await readSlices(gpu, memory, wanted)) as [
    ...[ArrayBuffer, ArrayBuffer, ArrayBuffer, ArrayBuffer, ArrayBuffer],
    ...ArrayBuffer[],
  ];
  const view = new DataView(state);
  const at = (name: string) => 4 * stateFields.indexOf(name);
  const record = reader.read(records, view.getUint32(at('step'), true) % reader.shape.slots)!;
  const pixels = product(model.inputShape);
  const values = (bytes: ArrayBuffer, elements: number) => new Float32Array(bytes, 0, elements);
  const probabilities = values(outputs, count);
  const found = layers.map(({ layer, shape }, i): SampleLayer => {
    const elements = product(shape);
    const isLast = layer === model.layers[model.output]!.name;
    return {
      layer,
      shape: [...shape],
      // softmax is computed with the loss, so the layer's own buffer holds logits.
      values: isLast ? probabilities.slice() : values(rest[2 * i]!, elements),
      deltas: values(rest[2 * i + 1]!, elements),
    };
  });
  const ofTensors = rest.slice(2 * layers.length);
  const [gradients, after, kept] = [0, 1, 2].map((i) => ofTensors.slice(i * tensors.length)) as ArrayBuffer[][];
  return {
    loss: record.loss,
    learningRate: view.getFloat32(at('learning_rate'), true),
    outputs: probabilities,
    layers: found,
    imageGradient: values(ofImage, pixels),
    image: values(input, pixels),
    tensors: trainedTensors(model).map(({ layer, spec }, t) => {
      const elements = elementsOf(spec);
      const [old, updated] = [values(before[t]!, elements), values(after![t]!, elements)];
      return {
        layer: model.layers[layer]!.name,
        name: spec.name,
        shape: [...spec.shape],
        values: old,
        gradient: values(gradients![t]!, elements),
        update: updated.map((value, i) => value - old[i]!),
      };
    }),
    constants: fixed.map(({ layer, spec }, i) => ({
      layer: model.layers[layer]!.name,
      name: spec.name,
      shape: [...spec.shape],
      values: values(kept![i]!, elementsOf(spec)),
    })),
  };
}

/** How the pixels of an image affect an output: the result of `Trainer.saliency`. */
export interface Saliency {
  /** Index of the output; for classification, of the class. */
  output: number;
  /** The model's output for the image. */
  outputs: Float32Array;
  /** Gradient of that output, before softmax or sigmoid, with respect to the network's input image. */
  gradient: Float32Array;
  /** [height, width, channels] */
  shape: number[];
}

/** Implements `Trainer.saliency`. */
export const saliencyQuery: Query<[Images, (SaliencyOptions & WeightsOption)?], Saliency> = async (
  { settings, pictures },
  image,
  { output, ...options } = {},
) => {
  const weights = evaluatedWeights(settings, options);
  const prepared = await prepareImages(image, pictures);
  return (engine) => saliency(engine, prepared, output, weights);
};

/** @param of index of the output; by default the largest one. */
async function saliency(
  engine: Engine,
  image: PreparedImages,
  of: number | undefined,
  weights: WhichWeights,
): Promise<Saliency> {
  const { gpu, memory, settings } = engine;
  const { model, outputs: count } = settings;
  if (of !== undefined && !(Number.isInteger(of) && of >= 0 && of < count)) {
    throw new ConfigurationError({
      what: 'The model has no output with this index',
      found: { output: of },
      expected: `0 to ${count - 1}`,
      fix: 'leave output out for the largest one',
    });
  }
  const sample = await networkOf(engine);
  const { steps, imageGradient } = sample;
  const { network, training } = steps;
  await take(engine, sample, image, weights);
  // The loss is only computed for the model's output; its gradient is replaced.
  writeLabel(engine, sample, 0);
  engine.run([training.begin, ...network.training.forward, training.loss]);
  const [given] = await readSlices(gpu, memory, [steps.probabilities]);
  const outputs = new Float32Array(given!, 0, count);
  const output = of ?? outputs.indexOf(Math.max(...outputs));
  engine.write(network.training.logitsGradient, oneHot(count, output));
  engine.run(network.training.backward);
  const [gradient] = await readSlices(gpu, memory, [imageGradient]);
  const elements = product(model.inputShape);
  return { output, outputs, gradient: new Float32Array(gradient!, 0, elements), shape: [...model.inputShape] };
}

/** Copies everything that a step depends on from the training state, and writes the image. */
async function take(
  engine: Engine,
  { steps: own }: BoundSample,
  image: PreparedImages,
  weights: WhichWeights,
): Promise<void> {
  const { steps, settings, epochs } = engine;
  const from: Slice[] = [...steps.network.tensors, ...steps.slots, steps.schedule, steps.training.state];
  const to: Slice[] = [...own.network.tensors, ...own.slots, own.schedule, own.training.state];
  if (steps.average) from.push(steps.average.all);
  if (own.average) to.push(own.average.all);
  await engine.withWeights(weights, async () => engine.copy(from, to));
  // The host may have replaced the schedule since the trainer was created.
  own.training.begin.pipeline = steps.training.begin.pipeline;
  const whole = { seed: settings.seed, epoch: epochs, position: 0, samples: 1 };
  engine.writeState(own.training, { ...whole, halted: 0, bad_in_a_row: 0, halt_at_once: 0 });
  await writeImage(engine, image, own.network.input);
}

/** @returns true if it is a soft label. @throws ConfigurationError for a label that doesn't fit the loss. */
function requireLabel({ settings }: Engine, label: SampleLabel): boolean {
  const { loss, outputs, soft } = settings;
  if (typeof label === 'number' && (isCategorical(loss) || outputs > 1)) {
    requireLabels([label], outputs);
    return false;
  }
  const values = typeof label === 'number' ? [label] : label;
  if (values?.length !== outputs || (isCategorical(loss) && !soft)) {
    throw new ConfigurationError({
      what: 'The label of the sample does not fit the loss',
      found: label,
      expected: isCategorical(loss) && !soft ? `a class, 0 to ${outputs - 1}` : `${outputs} numbers`,
    });
  }
  requireValues(loss.type, values, outputs);
  return isCategorical(loss);
}

function writeLabel(engine: Engine, { steps }: BoundSample, label: SampleLabel): void {
  const { loss, outputs } = engine.settings;
  if (typeof label !== 'number') engine.write(steps.targets!, Float32Array.from(label));
  else if (isCategorical(loss)) engine.write(steps.labels, Uint32Array.of(label));
  else if (outputs === 1) engine.write(steps.targets!, Float32Array.of(label));
  else engine.write(steps.targets!, oneHot(outputs, label));
}

const oneHot = (count: number, at: number) => Float32Array.from({ length: count }, (_, i) => Number(i === at));
