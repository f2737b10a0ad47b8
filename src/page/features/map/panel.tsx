import { holdSteps, thresholds } from '../../../health/thresholds.ts';
import { Curves } from '../../plots/curves.ts';
import { normLines } from '../../plots/lines.ts';
import { fetched } from '../../ui/fetched_code.ts';
import { later, onDemand } from '../../ui/lazy.tsx';
import { Panel } from '../../ui/panel.tsx';
import { mapLayers } from '../run/chosen_layer.ts';
import { RunPlot } from '../run/run_plot.tsx';
import { run } from '../run/state.ts';
import { withTwin } from '../run/twin_lines.ts';
import { TwinsKey } from '../run/twins_key.tsx';
import { GradientMap } from './gradient_map.tsx';
import './style.css';

const nothing = new Curves();

/** Loaded on demand, because there is no verdict before a run. */
const RunVerdictNote = onDemand(async () => (await import('./run_verdict.tsx')).RunVerdictNote);

const LayerDetail = later(
  fetched(() => import('./layer_detail.tsx')),
  ({ LayerDetail }) => LayerDetail,
  'Choose a layer on the map to see its gradient, its updates and its dead units step by step.',
  { kind: 'facts', margin: '0px 0px -20% 0px', isWanted: () => run.value !== undefined },
);

/** The panel with the gradient in all layers. */
export function GradientsPanel() {
  return (
    <Panel id="gradients" title="Gradients">
      <GradientMap />
      <TwinsKey />
      {run.value && <RunVerdictNote />}
      <HowToRead />
      {mapLayers().length > 0 && <LayerDetail />}
      {mapLayers().length > 0 && (
        <RunPlot
          id="norms"
          title="Gradient norm of all layers"
          logarithmic
          lines={(run) => withTwin(run, ({ curves, trained }, style) => normLines(curves, trained, style))}
          idle={() => normLines(nothing, mapLayers())}
          description="Gradient norm of each layer over the training steps, on a logarithmic axis; the table of epochs has the figures"
          empty="The norm of each layer's gradient appears here, step by step"
        />
      )}
    </Panel>
  );
}

/** An explanation for users who know of vanishing gradients but see them for the first time. */
function HowToRead() {
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
