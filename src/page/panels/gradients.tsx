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
