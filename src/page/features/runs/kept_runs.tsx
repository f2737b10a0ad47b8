import { count } from '../../../figures.ts';
import { ColumnNames } from '../../ui/column_names.tsx';
import { download } from '../../ui/download.ts';
import { Panel } from '../../ui/panel.tsx';
import { Scroll } from '../../ui/scroll.tsx';
import { run } from '../run/state.ts';
import { Time } from './last_run.tsx';
import { discard, fileOfKept, type KeptRun, keptRuns, openKept } from './model.ts';
import './style.css';

/** The runs that are saved in this browser. */
export function RunsPanel() {
  const runs = keptRuns.value;
  return (
    <Panel id="runs" title="Runs">
      <p class="facts">
        {runs.length
          ? 'The last 20 runs are kept in this browser, and nowhere else.'
          : 'Runs are kept in this browser when they end, and every half minute while they train.'}
      </p>
      {runs.length > 0 && (
        <Scroll labelledBy="runs-title">
          <table id="kept-runs">
            <ColumnNames names={['run', 'date', 'steps', 'validation', '']} />
            <tbody>
              {runs.map((kept) => (
                <tr key={kept.id}>
                  <th scope="row">{kept.name}</th>
                  <td>
                    <Time date={kept.date} />
                  </td>
                  <td>{count(kept.steps)}</td>
                  <td>{kept.result ?? '–'}</td>
                  <td class="actions">
                    <Action of={kept} name="Open" act={openKept} isOff={run.value?.isUnderWay.value ?? false} />
                    <Action of={kept} name="Download" act={save} />
                    <Action of={kept} name="Delete" act={({ id }) => discard(id)} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  );
}

interface ActionProps {
  of: KeptRun;
  name: string;
  act: (kept: KeptRun) => Promise<void>;
  isOff?: boolean;
}

const Action = ({ of, name, act, isOff }: ActionProps) => (
  <button type="button" class="quiet" disabled={isOff} aria-label={`${name} ${of.name}`} onClick={() => act(of)}>
    {name}
  </button>
);

async function save({ id, name, steps }: KeptRun): Promise<void> {
  const file = await fileOfKept(id);
  if (file) download(file, `${name.replaceAll(' ', '-')}-${steps}-steps.wgrad`);
}
