import { histogramField, productWords } from '../kernels/probes.ts';
import type { CompiledModel } from '../model/graph.ts';
import { type LayerTensors, tensorsByLayer } from '../model/measured_layers.ts';
import type { ProbeFigures, ProbeRecord } from './health.ts';
import { estimateNoise, RunningNoise } from './noise.ts';

/** The words that a probe reads back. Products are four words a tensor: g . h, |g|^2, |h|^2, nothing. */
export interface ProbeWords {
  /** g of the whole batch, h the last step's gradient and the momentum. */
  last: Float32Array;
  momentum: Float32Array;
  /** g of a part, and of the unaugmented images; h of the whole batch. */
  parts: { samples: number; products: Float32Array }[];
  plain?: Float32Array;
  histograms: Uint32Array;
  /** Squared norms of single samples' gradients, in the order of the batch. */
  samples: { layer: string; squares: Float32Array }[];
}

/** The facts of the host about it. */
export interface ProbeFacts {
  step: number;
  /** Samples of the step. */
  count: number;
  /** The batch's samples, as they stand in it; those of the last micro-batch where a step has several. */
  samples: { sample: number; label: number }[];
  /** A step was done before, whose gradient `last` is about. */
  follows: boolean;
  /** The product with the momentum's direction; undefined if there is none. */
  momentumSign?: 1 | -1;
}

/** How many samples a record names. */
const hardestMost = 8;

/** Makes records of probes, and keeps the averages that a noise scale is made of. */
export class ProbeReader {
  /** Layer names, each with the numbers of its tensors. */
  private readonly layers: LayerTensors[];
  private readonly noise = new Map<string, RunningNoise>();

  constructor(model: CompiledModel) {
    this.layers = tensorsByLayer(model);
  }

  read(words: ProbeWords, facts: ProbeFacts): ProbeRecord {
    const layers: ProbeRecord['layers'] = {};
    for (const { name, tensors } of this.layers) {
      layers[name] = { ...this.figures(`layer ${name}`, tensors, words, facts), ...histogramOf(words, tensors) };
    }
    const all = this.layers.flatMap(({ tensors }) => tensors);
    return {
      step: facts.step,
      whole: this.figures('whole', all, words, facts),
      layers,
      hardest: hardestOf(words, facts),
    };
  }

  private figures(name: string, tensors: number[], words: ProbeWords, facts: ProbeFacts): ProbeFigures {
    const of = (products: Float32Array) => sumProducts(products, tensors);
    const last = of(words.last);
    const estimate = estimateNoise(
      { samples: facts.count, squares: last.squares },
      words.parts.map(({ samples, products }) => ({ samples, squares: of(products).squares })),
    );
    const noise = this.noise.get(name) ?? new RunningNoise();
    this.noise.set(name, noise);
    return {
      cosineToLast: facts.follows ? cosine(last) : undefined,
      cosineToMomentum: facts.momentumSign && cosine(of(words.momentum), facts.momentumSign),
      cosineToPlain: words.plain && cosine(of(words.plain)),
      ...estimate,
      noiseScale: noise.add(estimate),
    };
  }
}

interface Products {
  dot: number;
  squares: number;
  otherSquares: number;
}

function sumProducts(products: Float32Array, tensors: readonly number[]): Products {
  const sum = { dot: 0, squares: 0, otherSquares: 0 };
  for (const t of tensors) {
    sum.dot += products[t * productWords]!;
    sum.squares += products[t * productWords + 1]!;
    sum.otherSquares += products[t * productWords + 2]!;
  }
  return sum;
}

/** Undefined where one of them is nothing, and has no direction: the momentum at first, the gradient of a dead layer. */
function cosine({ dot, squares, otherSquares }: Products, sign: 1 | -1 = 1): number | undefined {
  if (squares === 0 || otherSquares === 0) return undefined;
  // float32's rounding can take it beyond by a little.
  return Math.max(-1, Math.min(1, (sign * dot) / (Math.sqrt(squares) * Math.sqrt(otherSquares))));
}

function histogramOf({ histograms }: ProbeWords, tensors: readonly number[]) {
  const count = (word: number) => tensors.reduce((sum, t) => sum + histograms[t * histogramField.words + word]!, 0);
  return {
    exponents: Array.from({ length: histogramField.bins }, (_, bin) => count(bin)),
    zeros: count(histogramField.zeros),
    nonFinite: count(histogramField.nonFinite),
  };
}

function hardestOf({ samples: layers }: ProbeWords, { samples }: ProbeFacts): ProbeRecord['hardest'] {
  const norms = samples.map((known, n) => ({
    ...known,
    gradientNorm: Math.sqrt(layers.reduce((sum, { squares }) => sum + squares[n]!, 0)),
    layers: Object.fromEntries(layers.map(({ layer, squares }) => [layer, Math.sqrt(squares[n]!)])),
  }));
  // One that isn't a number pulls hardest of all.
  const size = ({ gradientNorm }: { gradientNorm: number }) => (Number.isNaN(gradientNorm) ? Infinity : gradientNorm);
  return norms.sort((a, b) => (size(a) === size(b) ? 0 : size(b) - size(a))).slice(0, hardestMost);
}
