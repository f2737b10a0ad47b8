import { WgradError } from '../../errors.ts';
import { fillLayer } from '../../model/fill_layer.ts';
import { compileModel, type Model } from '../../model/graph.ts';
import { definitionOf, type LayerConfig } from '../../model/layers/index.ts';
import { imagesName } from '../../model/wiring.ts';
import { product } from '../../product.ts';
import { Unsupported } from './constant.ts';

/** A layer of the network being imported. */
export interface ReadLayer {
  config: LayerConfig;
  /** Indices of the input layers; -1 for the images. */
  inputs: number[];
  shape: number[];
  /** Weights by wgrad's names, in wgrad's layout. */
  weights: Record<string, Float32Array>;
}

/** Collects the layers of a network. Layers that the output doesn't depend on are dropped. */
export class NetworkBuilder {
  readonly layers: ReadLayer[] = [];
  /** Layers that only multiply by a constant and add a constant. */
  readonly affine = new Set<number>();
  /** Name of the node being converted, which its layers inherit. */
  place = '';

  constructor(readonly inputShape: readonly [number, number, number]) {}

  shapeOf(layer: number): readonly number[] {
    return layer < 0 ? this.inputShape : this.layers[layer]!.shape;
  }

  /** @returns the index of the layer. @throws Unsupported if its options don't fit its inputs. */
  add(
    options: Record<string, unknown> & { type: LayerConfig['type'] },
    inputs: readonly number[],
    weights: Record<string, Float32Array> = {},
  ): number {
    const subject = options.type;
    try {
      const filled = fillLayer(options, this.layers.length + 1);
      const shapes = inputs.map((input) => this.shapeOf(input));
      const { outputShape, weights: specs = [] } = definitionOf(options.type).compile(filled, shapes, subject);
      for (const { name, shape } of specs) {
        const found = weights[name]?.length ?? 0;
        if (found !== product(shape)) {
          throw new Unsupported(`its ${name} has ${found} numbers and not [${shape.join(', ')}]`);
        }
      }
      this.layers.push({
        config: { ...options, ...(this.place && { name: this.place }) } as LayerConfig,
        inputs: [...inputs],
        shape: outputShape,
        weights,
      });
      return this.layers.length - 1;
    } catch (error) {
      if (!(error instanceof WgradError)) throw error;
      throw new Unsupported(error.parts.what, { cause: error });
    }
  }

  /** The layers that the output depends on, in order. */
  neededFor(output: number): Set<number> {
    const found = new Set<number>();
    const open = [output];
    while (open.length > 0) {
      const layer = open.pop()!;
      if (layer < 0 || found.has(layer)) continue;
      found.add(layer);
      open.push(...this.layers[layer]!.inputs);
    }
    return new Set([...found].sort((a, b) => a - b));
  }

  /** Builds wgrad's model that ends in the given layer. */
  finish(output: number): { model: Model; weights: Float32Array[] } {
    const needed = [...this.neededFor(output)];
    const names = uniqueNames(needed.map((layer) => this.layers[layer]!.config));
    const at = new Map(needed.map((layer, i) => [layer, i]));
    const layers = needed.map((layer, i) => {
      const { config, inputs } = this.layers[layer]!;
      const isPrevious = inputs.length === 1 && (at.get(inputs[0]!) ?? -1) === i - 1;
      const named = inputs.map((input) =>
        input < 0 ? (names.includes(imagesName) ? -(i + 1) : imagesName) : names[at.get(input)!]!,
      );
      return { ...config, name: names[i]!, ...(!isPrevious && { inputs: named }) } as LayerConfig;
    });
    const model: Model = { inputShape: [...this.inputShape], layers };
    const compiled = compileModel(model);
    const weights = compiled.tensors.map(({ layer, spec }) => this.layers[needed[layer]!]!.weights[spec.name]!);
    return { model, weights };
  }
}

/** Names of the nodes, or Keras' default names if they have none; duplicates get a number. */
function uniqueNames(configs: readonly LayerConfig[]): string[] {
  const taken = new Set<string>();
  return configs.map(({ name, type }) => {
    const wanted = name ?? definitionOf(type).kerasName;
    let free = wanted;
    for (let i = 1; taken.has(free); i++) free = `${wanted}_${i}`;
    taken.add(free);
    return free;
  });
}
