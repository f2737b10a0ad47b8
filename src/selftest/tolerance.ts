/** Half the distance between 1 and the next float32. */
export const unitRoundoff = 2 ** -24;

/** The smallest normal float32: smaller results may be flushed to zero (WGSL, "Floating Point Evaluation"). */
const smallestNormal = 2 ** -126;

export interface Tolerance {
  /** The factor c in c * n * 2^-24 * sum|terms|. */
  sum: number;
  /** Relative to the result, for operations after the sum, in units of 2^-24. */
  result: number;
  /** Absolute error, which a function may have near zero. */
  absolute: number;
  /** Relative to sum|terms| for any number of terms, in units of 2^-24: the rounding of the factors of each term. 0 by default. */
  factors?: number;
  /** Absolute error of each term of a sum. 0 by default. */
  term?: number;
  reason: string;
}

// WGSL prescribes no rounding mode, so every addition and multiplication may have a relative error of 2^-23, twice 2^-24; over n
// operations, in any order, the errors add up to at most n * 2^-23 * sum|terms| (Higham, Accuracy and Stability, 4.2).
const anyRounding = 2;

const product: Tolerance = {
  sum: anyRounding,
  result: 0,
  absolute: 0,
  reason: 'n products and their sum in any order, fused or not',
};

const activated: Tolerance = {
  sum: anyRounding,
  result: 64,
  absolute: 1e-5,
  reason:
    'no activation is steeper than 1, so the error of the sum passes through; then WGSL lets tanh be off by 1e-5, and ' +
    'exp by 3 + 2|z| ulp, of which sigmoid keeps z exp(-z) / (1 + exp(-z)), less than 16',
};

/** Of products on tensor cores. A forward pass that ends in tanh or sigmoid adds the errors of its factors to those of the activation. */
export const onTensorCores: Tolerance = {
  ...product,
  // (1 + 2^-10)^2 - 1 in units of 2^-24.
  factors: 2 ** 15 + 2 ** 4,
  term: 2 ** -23,
  reason:
    'both factors are rounded to float16, in any direction by at most 2^-10; below 2^-14 the error is absolute, at most 2^-24 of a ' +
    'factor, and the other one is at most 1 in the checks. The products are exact in float32. WGSL leaves the accuracy of their sum ' +
    'undefined: this bound takes it to be that of float32 additions in any order and with any rounding, as tensor cores truncate',
};

/** Tolerances relative to the twins, one row per dispatch or output. */
export const tolerances = {
  conv2d_forward: product,
  conv2d_backward_x: product,
  conv2d_backward_w: product,
  conv2d_winograd: {
    ...product,
    reason:
      'a sum of products of sums: up to 2 additions of inputs, 4 of kernel elements and 4 of products come to the additions over ' +
      'channels or tiles (halves are exact). Its magnitude is that of the algorithm (src/reference/winograd.ts): the absolute values ' +
      "through the absolute values of its matrices, 2 to 4 times the direct sum's, because terms that cancel each other count too",
  },
  dense_forward: product,
  dense_backward_x: product,
  dense_backward_w: product,
  /** Replaces the row of a forward pass that ends in tanh or sigmoid. */
  activated,
  activation_forward: {
    sum: 0,
    result: 96,
    absolute: 2 ** -20,
    reason:
      'WGSL lets exp be off by 3 + 2|z| ulp, so for |z| up to 16 by 35 ulp of the result, and a dozen operations follow; ' +
      'the absolute part is for gelu, whose formula is off by 0.75e-7 |z| and rounds a sum of alternating terms below ' +
      '1.5, by at most 6e-7 |z| near zero and less where the tail shrinks, and for hardSwish, which cancels at -3',
  },
  activation_backward: {
    sum: 32,
    result: 0,
    absolute: 0,
    reason:
      'a slope times a gradient. The slope is a sum of terms of about its largest size, each off by a few ulp or, with ' +
      'exp, by (3 + 2|z|) exp(-|z|) |z| ulp, which is below 4, and by 1.5e-7 in gelu',
  },
  sum_gradients: {
    sum: 8,
    result: 0,
    absolute: 0,
    reason: 'up to four gradients and a product with a slope, of which 1 - y^2 takes two operations and exp more ulp',
  },
  merge_forward: { ...product, reason: 'up to three additions, products or comparisons, and a division' },
  merge_backward: { sum: 4, result: 0, absolute: 0, reason: 'a sum of products of four factors, or of quotients' },
  average_pool: { ...product, reason: 'a sum and a division' },
  dropout: { sum: 0, result: 4, absolute: 0, reason: 'a product with 1 / (1 - rate), which is rounded once' },
  gaussian_noise: {
    sum: 4,
    result: 0,
    absolute: 0,
    reason:
      'a product and a sum; the magnitude holds 16 deviations: log is off by 2^-21 near 1, the polynomials by a few ulp',
  },
  up_sampling2d: { sum: 4, result: 0, absolute: 0, reason: 'weights of two products, times the pixels, added' },
  max_pool_forward: { sum: 0, result: 0, absolute: 0, reason: 'copies an element' },
  max_pool_backward: { ...product, reason: 'a sum over the windows that an element won, exact where they lie apart' },
  softmax: {
    sum: 0,
    result: 2 * 160,
    absolute: 2 ** -24,
    reason:
      'exp may be off by 3 + 2|z| ulp, |z| up to 60 before the result is nothing; its sum and division add little',
  },
  cross_entropy: {
    sum: anyRounding,
    result: 0,
    absolute: 2 ** -20,
    reason: 'a sum of one loss a sample, each with a log that WGSL lets be off by 2^-21 near 1',
  },
  softmax_cross_entropy_dz: {
    sum: 0,
    result: 8,
    absolute: 2 ** -19,
    reason:
      'p - 1 cancels, so the error of p counts in full: p (3 + 2|log p|) ulp is never more than 4, and as much again ' +
      'for the sum and the division: 16 ulp leave room',
  },
  loss: {
    sum: anyRounding,
    result: 16,
    absolute: 2 ** -18,
    reason:
      'a sum over outputs and samples of one loss each, with a log that WGSL lets be off by 2^-21 near 1 and, of focal, a ' +
      'power that is an exponential of gamma times such a log',
  },
  loss_dz: {
    sum: 16,
    result: 8,
    absolute: 2 ** -18,
    reason:
      'differences of probabilities as in softmax_cross_entropy_dz, or of outputs and targets, whose size is the magnitude; ' +
      'the powers of focal are off by gamma 2^-21',
  },
  gradient_norm: { ...product, reason: 'a sum of squares: no term is negative, so sum|terms| is the sum' },
  gradient_products: { ...product, reason: 'products and squares, added within a chunk and then over the chunks' },
  sample_norms: { ...product, reason: 'a product of two sums of squares, each as far off as its own terms let it be' },
  penalty: { ...product, reason: 'a sum of penalties, once more to the loss' },
  regularized: { ...product, reason: 'a product and a sum' },
  clip_factors: {
    ...product,
    result: 16,
    reason: 'of a sum of squares, whose error a root halves; then sqrt and a division, each off by a few ulp',
  },
  adam: {
    sum: 8 * anyRounding,
    result: 0,
    absolute: 0,
    reason:
      'a dozen operations in a row, of which sqrt and the division are off by 2.5 ulp, and constants that are rounded ' +
      'once; the magnitude holds what m could have been, so its cancellation is in it',
  },
  batch_norm_forward: {
    ...product,
    reason:
      'x - mean, times gamma and an inverseSqrt that WGSL lets be off by 2 ulp, plus two terms: nine roundings, of which the ' +
      'magnitude takes |x - mean| for the first term, because both are given and their difference is rounded once',
  },
  batch_norm_move: { ...product, reason: 'a difference, a product and a sum; 1 - momentum is rounded once' },
  batch_norm_backward_sums: {
    ...product,
    reason: 'a sum of products with x - mean, whose difference is rounded once, then a product with an inverseSqrt',
  },
  batch_norm_backward_x: {
    ...product,
    reason: 'three terms, the longest of 18 roundings with its divisions (2.5 ulp), inverseSqrt (2 ulp) and derivative',
  },
  batch_norm_fold: { ...product, reason: 'a product with an inverseSqrt (2 ulp) and gamma, and a sum of three terms' },
  group_norm_backward_x: {
    ...product,
    reason: 'a sum over a unit, which is divided (2.5 ulp) and multiplied three times, and a derivative of at most 1',
  },
  group_norm_backward_sums: { ...product, reason: 'a sum of products of three factors, one a difference rounded once' },
  accumulate_gradients: {
    ...product,
    result: 6,
    reason: 'a product and a sum, divided by a count (2.5 ulp)',
  },
  weight_average: {
    sum: 2 * anyRounding,
    result: 0,
    absolute: 0,
    reason: 'a difference, a product and a sum; 1 - momentum was rounded too',
  },
  muon_momentum: { ...product, reason: 'up to four products, added' },
  newton_schulz: {
    ...product,
    reason:
      'a sum of products; in the polynomial of sums of parts, times a scale with a root and a division: more terms',
  },
  optimizer: {
    sum: 8 * anyRounding,
    result: 0,
    absolute: 0,
    reason:
      'up to twenty operations in a row, of which sqrt, exp2 and divisions are off by a few ulp; the magnitude adds up how ' +
      'far the result depends on each number that goes in, cancellation included',
  },
  sgd: { sum: 2 * anyRounding, result: 0, absolute: 0, reason: 'up to five products, added' },
} satisfies Record<string, Tolerance>;

/**
 * The bound of each element, for `expectWithin`.
 *
 * @param terms number of terms in the longest sum, n.
 * @param magnitude the twin's result on absolute values (src/reference/magnitude.ts); omitted for results that aren't sums.
 */
export function boundOf(
  { sum, result, absolute, factors = 0, term = 0 }: Tolerance,
  expected: ArrayLike<number>,
  { terms = 0, magnitude }: { terms?: number; magnitude?: ArrayLike<number> } = {},
): Float64Array {
  if (sum > 0 && !(magnitude?.length === expected.length && terms > 0)) {
    throw new Error(`a sum wants its terms and magnitude: found ${terms} terms, ${magnitude?.length} magnitudes`);
  }
  return Float64Array.from(expected, (value, i) => {
    // Exact operations stay exact: flushing only applies to results of arithmetic.
    if (sum === 0 && result === 0 && absolute === 0) return 0;
    const ofSum = sum === 0 ? 0 : (sum * terms + factors) * unitRoundoff * magnitude![i]! + term * terms;
    return ofSum + result * unitRoundoff * Math.abs(value) + absolute + (terms + 1) * smallestNormal;
  });
}
