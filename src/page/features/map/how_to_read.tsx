import { holdSteps, thresholds } from '../../../health/thresholds.ts';

/** An explanation for users who know of vanishing gradients but see them for the first time. */
export function HowToRead() {
  const { vanishingReach, explodingReach } = thresholds;
  return (
    <details id="how-to-read" class="how-to-read">
      <summary>How to read the map</summary>
      <p>
        A row is a layer, from the images at the top to the answer at the bottom, and a column is a step of training.
        The error travels back from the last row to the first, and every layer multiplies it by a factor. The color
        shows the product of these factors, the relative gradient: the RMS of a layer's delta (the gradient of the loss
        with respect to the layer's output before its activation) over the last layer's. Many factors below 1 leave next
        to nothing: below {vanishingReach.enter} the gradient <strong>vanishes</strong>, and the first layers do not
        learn. Many factors above 1 blow it up: above {explodingReach.enter} it <strong>explodes</strong>, and training
        jumps about or breaks off. Either verdict holds until the relative gradient has been between{' '}
        {vanishingReach.leave} and {explodingReach.leave} for {holdSteps} steps.
      </p>
      <p>
        The gradient norm, the other choice of color, also shrinks simply because the loss does. That is normal. To see
        gradients vanish and explode, take deep-sigmoid, exploding-relu or dead-relu as the model's preset, and train
        them as twins with five-relu.
      </p>
    </details>
  );
}
