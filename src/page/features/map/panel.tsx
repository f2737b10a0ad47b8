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

const MapNotes = later(
  fetched(() => import('./layer_detail.tsx')),
  ({ MapNotes }) => MapNotes,
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
      {mapLayers().length > 0 && <MapNotes />}
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
