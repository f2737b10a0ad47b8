/**
 * Thresholds at which a verdict begins and ends. The gap between the two keeps a figure that fluctuates around a threshold from
 * changing the verdict repeatedly.
 *
 * Vanishing and exploding are used in their usual sense (Hochreiter 1991; Bengio et al. 1994): the gradient changes by a factor at
 * every layer, and the factors multiply. The relative gradient `reach` is their product from the last layer to the given one,
 * RMS(delta) / RMS(last delta), which is independent of the magnitude of the loss.
 *
 * In a network with branches, the last layer is the measured layer nearest to the loss, and RMS(delta) covers all of a layer's
 * outputs, whichever branches they feed: deltas from several branches are added before they are measured. A shortcut therefore
 * keeps up the figure of every layer before it, as it keeps up the gradient. "A layer" in a sentence, and the layer with the
 * largest loss, refer to the shortest path to the loss: `next` of a measured layer.
 *
 * A normalization is measured as a separate layer, because its gamma and beta are trained; a sum with a shortcut and an activation
 * that follow directly are part of it. It affects the figures as follows:
 * - delta: a convolution before it gets the gradient divided by the standard deviation of its output, times gamma: doubling the
 * kernel halves the delta. RMS(delta) at the convolution may thus be above or below that at the normalization without anything
 * being wrong; the factors of a convolution and its normalization belong together. The sum of delta over batch and pixels is zero.
 * - gradient: that of the kernel is orthogonal to the kernel and decreases as the kernel grows; a bias there gets none.
 * - updateRatio: updates rotate the kernel rather than lengthening it; gamma starts at one and beta at zero, so the ratio covers
 * beta and gamma together.
 * - dead, saturated: these describe the activation after it, whose input scale does not depend on the kernel, which is why both are
 * rare.
 *
 * Over two epochs of the digits in PyTorch, `resnet20` and `plain20` (20 layers, ReLU, batch normalization) have a reach between
 * 0.08 and 3.6 in every layer and step. `plain20` with sigmoids instead of ReLU and without normalizations has at most 1.3e-12 in
 * the first layer and 3.5e-4 in the sixteenth; with normalizations, a median of 0.02 in the first normalization and a minimum of
 * 2e-4.
 *
 * The measurements on the digits come from PyTorch: test/fixtures/measure_torch_verdicts.py, and a test compares every verdict with
 * the table next to it.
 */
export const thresholds = {
  /**
   * Five sigmoid layers pass on at most (1/4)^5 = 0.98e-3, because a sigmoid's largest slope is 1/4. Minimum over all layers,
   * measured over whole runs: 0.013 in the tutorial's network (first convolution, MNIST and digits, with and without augmentation),
   * 0.28 in a five-layer ReLU network, 0.006 in one of six convolutions and three pools, 0.006 in three sigmoid layers, all of
   * which learn; at most 3e-7 in the first of ten sigmoid layers, 4e-4 in the sixth.
   */
  vanishingReach: { enter: 1e-3, leave: 3e-3 },
  /**
   * RMS of the weights' gradient over the last layer's. A kernel that is shared by an image's pixels sums their gradients, so small
   * deltas may still move it well. Measured: 0.078 and above in all healthy ReLU and tanh networks, at most twice the reach in
   * vanishing layers.
   */
  vanishingGradient: { enter: 1e-2, leave: 3e-2 },
  /**
   * A steady decline over hidden layers: each passes on at most a half, and together they pass on at most 1/30, the inverse of the
   * exploding threshold. Measured medians: 1/13 in three sigmoid layers; 1/80 in four, the textbook example of vanishing (Nielsen
   * 2015, chapter 5: about 1/95); between layers of one kind, ReLU and tanh networks at He's and Glorot's scale pass on 0.8 and
   * more.
   */
  weakeningHop: { enter: 1 / 2, leave: 3 / 5 },
  weakeningShare: { enter: 1 / 30, leave: 1 / 15 },
  /** Like vanishingGradient, for the same reason: weights shared by many pixels may still move well. */
  weakeningGradient: { enter: 0.1, leave: 0.3 },
  /** Fraction of units that equal another one in weights and gradient. Randomly initialized units never do. */
  symmetric: { enter: 0.5, leave: 0.4 },
  /**
   * Five layers of which each doubles the gradient: 2^5 = 32. Measured: at most 7.5 in networks at He's and Glorot's scale (ten
   * ReLU, five tanh layers); ten ReLU layers at twice He's scale begin at more than 300 and mostly stay at 60.
   */
  explodingReach: { enter: 30, leave: 10 },
  /**
   * Fraction of a ReLU layer's units that no sample made positive. The threshold requires most of them, because the tutorial's
   * network leaves 27 to 36 % of its 128 dense units unused, on MNIST and the digits, and still learns.
   */
  dead: { enter: 0.5, leave: 0.4 },
  /**
   * Fraction of a tanh's or sigmoid's outputs that are saturated. Measured: at most 3 % in tanh networks that learn (two and five
   * layers, MNIST and digits), 94 to 97 % with inputs a hundred times too large.
   */
  saturated: { enter: 0.5, leave: 0.4 },
} as const;

/**
 * Number of consecutive steps that must agree before a layer gets its first verdict, because the figures of a step come from one
 * batch.
 */
export const warmUpSteps = 10;
/** Number of consecutive steps that must agree before a verdict changes. */
export const holdSteps = 20;
/**
 * Number of samples after which a unit that was never positive counts as dead before its epoch is over: one that is active for 1 %
 * of the samples is missed with a probability of 0.99^1000 = 4e-5. Over a whole epoch, however short, the verdict is exact.
 */
export const deadSamples = 1000;
/**
 * RMS of the last layer's delta below which a step's relative gradients are meaningless: the batch is fitted. The square of a
 * thousandth of it is still a normal float32.
 */
export const smallestDelta = 1e-12;
