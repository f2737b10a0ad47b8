import { Panel } from '../panel.tsx';
import { Curves } from '../plots/curves.ts';
import { normLines } from '../plots/lines.ts';
import { RunPlot } from '../plots/run_plot.tsx';
import { layers } from '../state.ts';

const nothing = new Curves();

/** What happens to the gradient on its way through the layers. */
export function GradientsPanel() {
  const trained = () => layers.value.summary?.flatMap(({ name, parameters }) => (parameters ? [name] : [])) ?? [];
  return (
    <Panel id="gradients" title="Gradients">
      <RunPlot
        id="norms"
        title="Gradient norm of each layer"
        logarithmic
        lines={(run) => normLines(run.curves, run.trained)}
        idle={() => normLines(nothing, trained())}
        description="Gradient norm of each layer over the training steps, on a logarithmic axis; the table of epochs has the figures"
        empty="The norm of each layer's gradient appears here, step by step"
      />
    </Panel>
  );
}
