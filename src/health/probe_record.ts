import { histogramField, productWords } from '../kernels/probes.ts';
import type { CompiledModel } from '../model/graph.ts';
import { type LayerTensors, tensorsByLayer } from '../model/measured_layers.ts';
import type { ProbeFigures, ProbeRecord } from './health.ts';
import { estimateNoise, RunningNoise } from './noise.ts';

/** The words that a probe reads back. Products take four words per tensor: g . h, |g|^2, |h|^2, unused. */
export interface ProbeWords {
  /** g is the gradient of the whole batch; h is the previous step's gradient or the momentum. */
  last: Float32Array;
  momentum: Float32Array;
  /** g is the gradient of a part, or of the unaugmented images; h is that of the whole batch. */
  parts: { samples: number; products: Float32Array }[];
  plain?: Float32Array;
  histograms: Uint32Array;
  /** Squared norms of per-sample gradients, in the order of the batch. */
  samples: { layer: string; squares: Float32Array }[];
}

/** Facts about the probe that are known on the host. */
export interface ProbeFacts {
  step: number;
  /** Number of samples in the step. */
  count: number;
  /** The batch's samples in order; if a step has several micro-batches, those of the last one. */
  samples: { sample: number; label: number }[];
  /** Whether there was a previous step, to whose gradient `last` refers. */
  follows: boolean;
  /** Sign of the product with the momentum's direction; undefined without momentum. */
  momentumSign?: 1 | -1;
}

/** Number of samples listed in a record. */
const hardestMost = 8;

/** Creates probe records, and keeps the moving averages for the noise scale. */
export class ProbeReader {
  /** Layer names, each with the indices of its tensors. */
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

/** Undefined if one of the vectors is zero and has no direction, as the momentum initially and the gradient of a dead layer. */
function cosine({ dot, squares, otherSquares }: Products, sign: 1 | -1 = 1): number | undefined {
  if (squares === 0 || otherSquares === 0) return undefined;
  // Rounding in float32 may take it slightly beyond 1.
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
  // NaN sorts first, before the largest gradient.
  const size = ({ gradientNorm }: { gradientNorm: number }) => (Number.isNaN(gradientNorm) ? Infinity : gradientNorm);
  return norms.sort((a, b) => (size(a) === size(b) ? 0 : size(b) - size(a))).slice(0, hardestMost);
}
