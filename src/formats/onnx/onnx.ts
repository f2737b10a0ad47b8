import { ConfigurationError } from '../../errors.ts';
import type { CompiledModel } from '../../model/graph.ts';
import { compileTrained, defaultRescale, describeInput, type TrainedModel } from '../trained_model.ts';
import { lowerActivation } from './activations.ts';
import { GraphBuilder } from './graph_builder.ts';
import { channelsFirst, channelsLast, type Lowered, lowerings } from './layers.ts';
import { encodeOnnx, type OnnxValue } from './protobuf.ts';

/** Opset 17 belongs to ONNX 1.12 (2022), whose files have IR version 8. */
const opset = 17;
const irVersion = 8;

/** Options of the ONNX format. */
export interface OnnxOptions {
  /**
   * The graph's input: `floats` for float32 images as the network takes them, 0 to 1 unless the training rescaled otherwise, or
   * `bytes` for uint8 images 0 to 255, which the graph rescales itself. Default `floats`.
   */
  input?: OnnxInput;
}
/** The input of an ONNX graph: `'floats'`, which are already scaled, or `'bytes'` from 0 to 255. */
export type OnnxInput = 'floats' | 'bytes';

/**
 * Exports a model as an ONNX file, opset 17: input "images" [batch, height, width, channels], output "probabilities" [batch,
 * classes], with any batch size. Dropout and noise are omitted; batch normalization uses its moving statistics. Inside the graph,
 * images are [batch, channels, height, width]: they are transposed once.
 *
 * @throws ConfigurationError for a model that is invalid, weights that don't belong to it, or a bytes input if the training
 *   preprocessed its images with more than a factor.
 */
export function formatOnnx(trained: TrainedModel, { input = 'floats' }: OnnxOptions = {}): Uint8Array<ArrayBuffer> {
  const model = compileTrained(trained);
  const { rescale = defaultRescale, classNames, pictures } = trained;
  if (input === 'bytes' && rescale === null) {
    throw new ConfigurationError({
      what: 'ONNX with bytes as its input multiplies them by one number, and this training centered or whitened its images too',
      found: "input 'bytes'",
      expected: "input 'floats': images as the network gets them",
      fix: "export with input 'floats', and normalize the images as the training did",
    });
  }
  const graph = new GraphBuilder();
  const images = graph.unique('images');
  const probabilities = graph.unique('probabilities');
  let x = images;
  if (input === 'bytes') {
    x = graph.node('input', 'Cast', [x], { to: 1 });
    x = graph.node('input', 'Mul', [x, graph.scalar('input/rescale', rescale!)]);
  }
  x = channelsFirst(graph, 'input', x);
  const last = lowerLayers(model, trained.weights, graph, x);
  const { outputShape } = model.layers[model.output]!;
  const end = outputShape.length === 3 ? channelsLast(graph, 'output', last) : last;
  if (model.lossActivation === 'softmax') graph.node('output', 'Softmax', [end], { axis: -1 }, probabilities);
  else graph.node('output', 'Identity', [end], {}, probabilities);
  const range = input === 'bytes' ? 'bytes 0 to 255' : `floats, ${describeInput(trained)}`;
  const about = `Images [batch, height, width, channels], ${range}`;
  const inputValue: OnnxValue = {
    name: images,
    type: input === 'bytes' ? 'uint8' : 'float',
    shape: ['batch', ...model.inputShape],
    about,
  };
  const outputValue: OnnxValue = {
    name: probabilities,
    type: 'float',
    shape: ['batch', ...outputShape],
    about: model.lossActivation === 'softmax' ? 'The probability of each class' : 'What the last layer gives',
  };
  return encodeOnnx({
    irVersion,
    opset,
    producer: 'wgrad',
    about,
    metadata: {
      model: JSON.stringify(trained.model),
      rescale: JSON.stringify(rescale),
      ...(classNames && { class_names: JSON.stringify(classNames) }),
      ...(pictures && { pictures: JSON.stringify(pictures) }),
    },
    graph: {
      name: 'wgrad',
      nodes: graph.nodes,
      initializers: graph.initializers,
      input: inputValue,
      output: outputValue,
    },
  });
}

/** Converts all layers with their activations. @returns the output of the last one. */
function lowerLayers(model: CompiledModel, weights: readonly Float32Array[], graph: GraphBuilder, x: string): string {
  const values: string[] = [];
  const tensors = model.layers.map((): Record<string, Float32Array> => ({}));
  model.tensors.forEach(({ layer, spec }, t) => {
    tensors[layer]![spec.name] = weights[t]!;
  });
  for (const index of model.order) {
    const layer = model.layers[index]!;
    const inputs = layer.inputs.map((i) => (i < 0 ? x : values[i]!));
    const lower = lowerings[layer.type] as (lowered: Lowered<typeof layer.type>) => string;
    const z = lower({ layer, graph, inputs, tensors: tensors[index]! } as never);
    values[index] = lowerActivation(graph, layer.name, layer.activation, z);
  }
  return values[model.output]!;
}
