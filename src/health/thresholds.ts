/**
 * Where a verdict begins, and where it ends: the gap between the two is what keeps a figure that wavers about one of
 * them from changing the verdict at every turn.
 *
 * Vanishing and exploding are used in their usual sense (Hochreiter 1991; Bengio et al. 1994): the gradient
 * changes by a factor at every layer, and the factors multiply. `reach` is their product from the last layer down to the
 * one at hand, RMS(delta) / RMS(last delta), which doesn't know how large the loss is.
 *
 * In a network with branches the last layer is the measured layer nearest to the loss, and RMS(delta) counts all of a layer's
 * outputs, whichever branches they feed: deltas that come back on several branches are added before they are measured. So a
 * shortcut keeps the figure of every layer before it up, as it keeps the gradient up. "A layer" in a sentence, and the layer
 * where most is lost, go by the shortest path to the loss: `next` of a measured layer.
 *
 * A normalization is measured as a layer of its own, for its gamma and beta are trained; a shortcut's sum and an activation
 * that follow at once belong to it. It does this to the figures:
 * - delta: a convolution before it gets the gradient over the deviation of what it gives, times gamma: twice the kernel, half
 *   the delta. RMS(delta) at the convolution may so be above or below that at the normalization without anything being wrong;
 *   the factors of a convolution and its normalization belong together. The sum of delta over batch and pixels is zero.
 * - gradient: that of the kernel is at right angles to the kernel and falls as the kernel grows; a bias there gets none.
 * - updateRatio: turns the kernel instead of lengthening it; gamma starts at one and beta at zero, so theirs is beta's and
 *   gamma's together.
 * - dead, saturated: of the activation after it, which sees the same scale whatever the kernel does: a reason why both are rare.
 *
 * Over two epochs of the digits in PyTorch, `resnet20` and `plain20` (20 layers, ReLU, batch normalization) have a reach of 0.08
 * or more in every layer and step, at most 3.6. `plain20` with sigmoids in place of ReLU and without normalizations: at most
 * 1.3e-12 in the first layer, 3.5e-4 in the sixteenth; with them, 0.02 in the median of the first normalization, and 2e-4 at
 * its least.
 *
 * The measurements on the digits come from PyTorch: test/fixtures/measure_torch_verdicts.py, and a test compares
 * every verdict with the table next to it.
 */
export const thresholds = {
  /**
   * Five layers of sigmoids pass at most (1/4)^5 = 0.98e-3, for 1/4 is a sigmoid's largest slope. Measured over whole
   * runs, least of all layers: 0.013 in the tutorial's network (first convolution, MNIST and digits, with and without
   * augmentation), 0.28 in a five-layer ReLU network, 0.006 in one of six convolutions and three pools, 0.006 in three
   * sigmoid layers, all of which learn; at most 3e-7 in the first of ten sigmoid layers, 4e-4 in the sixth.
   */
  vanishingReach: { enter: 1e-3, leave: 3e-3 },
  /**
   * RMS of the weights' gradient over the last layer's. A kernel that an image's cells share adds up what each of them
   * gets: small deltas may move it well. Measured: 0.078 and above in all healthy ReLU and tanh networks, no more than twice
   * the reach in vanishing layers.
   */
  vanishingGradient: { enter: 1e-2, leave: 3e-2 },
  /**
   * A steady decline over hidden layers: each passes on at most a half, and together they pass on at most 1/30, the inverse of
   * what is called exploding. Measured, in the median: 1/13 in three sigmoid layers; 1/80 in four, the textbook's example of
   * vanishing (Nielsen 2015, chapter 5: about 1/95); between layers of one kind ReLU and tanh networks at He's and Glorot's scale
   * pass on 0.8 and more.
   */
  weakeningHop: { enter: 1 / 2, leave: 3 / 5 },
  weakeningShare: { enter: 1 / 30, leave: 1 / 15 },
  /** As vanishingGradient, for the same reason: what is shared by many pixels may move well. */
  weakeningGradient: { enter: 0.1, leave: 0.3 },
  /** Share of units that equal another one in weights and gradient. Units that were drawn at random never do. */
  symmetric: { enter: 0.5, leave: 0.4 },
  /**
   * Five layers of which each doubles it: 2^5 = 32. Measured: at most 7.5 in networks at He's and Glorot's scale (ten
   * ReLU, five tanh layers); ten ReLU layers at twice He's scale begin at more than 300 and are mostly at 60 later.
   */
  explodingReach: { enter: 30, leave: 10 },
  /**
   * Share of a ReLU layer's units that nothing made positive. Most are, and not only some: the tutorial's network leaves
   * 27 to 36 % of its 128 dense units unused, on MNIST and the digits, and learns all the same.
   */
  dead: { enter: 0.5, leave: 0.4 },
  /**
   * Share of a tanh's or sigmoid's outputs that are flat. Measured: at most 3 % in tanh networks that learn (two and five
   * layers, MNIST and digits), 94 to 97 % with inputs a hundred times too large.
   */
  saturated: { enter: 0.5, leave: 0.4 },
} as const;

/** Steps in a row that have to agree before a layer gets its first verdict: a step's figures are of one batch. */
export const warmUpSteps = 10;
/** Steps in a row that have to agree before a verdict changes. */
export const holdSteps = 20;
/**
 * Samples after which a unit that was never positive counts as dead before its epoch is over: one that fires on a
 * hundredth of them is missed with a chance of 0.99^1000 = 4e-5. Over a whole epoch, however short, the word is exact.
 */
export const deadSamples = 1000;
/**
 * RMS of the last layer's delta below which a step's relative gradients mean nothing: a fitted batch. The square of a thousandth of
 * it is still a normal float32.
 */
export const smallestDelta = 1e-12;
