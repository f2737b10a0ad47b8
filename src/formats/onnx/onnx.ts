import { ConfigurationError } from '../../errors.ts';
import type { CompiledModel } from '../../model/graph.ts';
import { compileTrained, defaultRescale, describeInput, type TrainedModel } from '../trained_model.ts';
import { lowerActivation } from './activations.ts';
import { GraphBuilder } from './graph_builder.ts';
import { channelsFirst, channelsLast, type Lowered, lowerings } from './layers.ts';
import { encodeOnnx, type OnnxValue } from './protobuf.ts';

/** Opset 17 is of ONNX 1.12, 2022, whose files have version 8. */
const opset = 17;
const irVersion = 8;

/** Options of the ONNX format. */
export interface OnnxOptions {
  /**
   * The graph's input: `floats`, float32 images as the network gets them, 0 to 1 unless the training rescaled otherwise (the
   * default), or `bytes`, uint8 images 0 to 255, which the graph rescales itself.
   */
  input?: OnnxInput;
}
/** What an ONNX graph takes: `'floats'`, which are scaled already, or `'bytes'` from 0 to 255. */
export type OnnxInput = 'floats' | 'bytes';

/**
 * A model as the bytes of an ONNX file, opset 17: input "images" [batch, height, width, channels], output "probabilities"
 * [batch, classes], the batch of any size. Dropout and noise are left out, batch normalization uses its moving statistics. Inside,
 * images are [batch, channels, height, width]: they are transposed once.
 *
 * @throws ConfigurationError for a model that is invalid, weights that are another model's, or bytes where the training did more
 *   to its images than to multiply them by a number.
 */
export function formatOnnx(trained: TrainedModel, { input = 'floats' }: OnnxOptions = {}): Uint8Array<ArrayBuffer> {
  const model = compileTrained(trained);
  const { rescale = defaultRescale, classNames } = trained;
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

/** All layers, each with its activation. @returns what the last one gives. */
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
