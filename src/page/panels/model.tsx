import { count } from '../../figures.ts';
import { Panel } from '../panel.tsx';
import { Swatch } from '../plots/swatch.tsx';
import { layers } from '../state.ts';

/** The layers, with what they give and how many numbers they learn. */
export function ModelPanel() {
  const { summary } = layers.value;
  if (!summary) return null;
  const curves = summary.filter(({ parameters }) => parameters > 0);
  return (
    <Panel id="model-panel" title="Model">
      <table id="model">
        <thead>
          <tr>
            <th scope="col">layer</th>
            <th scope="col">output</th>
            <th scope="col">parameters</th>
          </tr>
        </thead>
        <tbody>
          {summary.map((layer) => (
            <tr key={layer.name}>
              <th scope="row">
                {layer.parameters > 0 && <Swatch index={curves.indexOf(layer)} />}
                {layer.name}
              </th>
              <td>{layer.outputShape.join(' × ')}</td>
              <td>{layer.parameters ? count(layer.parameters) : '–'}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colSpan={2}>
              total
            </th>
            <td>{count(summary.reduce((sum, { parameters }) => sum + parameters, 0))}</td>
          </tr>
        </tfoot>
      </table>
    </Panel>
  );
}
