import { thresholds } from '../../health/verdicts.ts';
import { Panel } from '../panel.tsx';
import { Curves } from '../plots/curves.ts';
import { normLines, withTwin } from '../plots/lines.ts';
import { RunPlot } from '../plots/run_plot.tsx';
import { GradientMap, mapLayers } from './gradient_map.tsx';
import { LayerDetail } from './layer_detail.tsx';
import './gradients.css';
import { TwinsKey } from './twins_key.tsx';

const nothing = new Curves();

/** What happens to the gradient on its way through the layers. */
export function GradientsPanel() {
  return (
    <Panel id="gradients" title="Gradients">
      <TwinsKey />
      <GradientMap />
      <HowToRead />
      <LayerDetail />
      <RunPlot
        id="norms"
        title="Gradient norm of all layers"
        logarithmic
        lines={(run) => withTwin(run, ({ curves, trained }, look) => normLines(curves, trained, look))}
        idle={() => normLines(nothing, mapLayers())}
        description="Gradient norm of each layer over the training steps, on a logarithmic axis; the table of epochs has the figures"
        empty="The norm of each layer's gradient appears here, step by step"
      />
    </Panel>
  );
}

/** For somebody who has read of vanishing gradients, and sees some for the first time. */
function HowToRead() {
  const { vanishingReach, explodingReach } = thresholds;
  return (
    <details id="how-to-read" class="how-to-read">
      <summary>How to read the map</summary>
      <p>
        A row is a layer, from the images above to the answer below, and a column a step of training. The error goes
        back from the last row to the first, and every layer multiplies it by a factor of its own, its transport factor.
        Many factors below 1 leave next to nothing: the first layers do not learn, the gradient{' '}
        <strong>vanishes</strong>, where less than {vanishingReach.enter} of it arrives. Many above 1 blow it up: it{' '}
        <strong>explodes</strong>, where more than {explodingReach.enter} times as much arrives, and training jumps
        about or breaks off.
      </p>
      <p>
        “What arrives of it” as the colour shows that product alone; the norm also falls because the loss does, which is
        no illness. To see it happen, take deep-sigmoid, exploding-relu or dead-relu as the model's preset, and train
        them beside five-relu as twins.
      </p>
    </details>
  );
}
