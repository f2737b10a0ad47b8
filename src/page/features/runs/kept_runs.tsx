import { count } from '../../../figures.ts';
import { Swatch } from '../../plots/swatch.tsx';
import { ColumnNames } from '../../ui/column_names.tsx';
import { download } from '../../ui/download.ts';
import { Panel } from '../../ui/panel.tsx';
import { Scroll } from '../../ui/scroll.tsx';
import { run } from '../run/state.ts';
import { ComparedRuns, compare, differenceWords, styleOfRun } from './compared_runs.tsx';
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
          ? 'The last 20 runs are kept in this browser, and nowhere else. Choose some to overlay their curves.'
          : 'Runs are kept in this browser when they end, and every half minute while they train.'}
      </p>
      {runs.length > 0 && (
        <Scroll labelledBy="runs-title">
          <table id="kept-runs">
            <ColumnNames names={['', 'run', 'steps', 'validation', '']} />
            <tbody>
              {runs.map((kept, i) => (
                <tr key={kept.id}>
                  <td class="compared">
                    <Compared {...kept} />
                  </td>
                  <th scope="row">
                    {kept.name}
                    <span class="difference">{differenceWords(kept, runs[i + 1])}</span>
                    <span class="date">
                      <Time date={kept.date} />
                    </span>
                  </th>
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
      <ComparedRuns runs={runs} />
    </Panel>
  );
}

/** Chooses whether a run's curves are overlaid, and shows its line. */
function Compared({ id, name, validation }: KeptRun) {
  const style = styleOfRun(id);
  return (
    <label>
      <input
        type="checkbox"
        aria-label={`Overlay ${name}`}
        checked={style !== undefined}
        disabled={!validation?.length}
        title={validation?.length ? 'Overlay its curves' : 'No epoch of this run was validated'}
        onChange={({ currentTarget }) => compare(id, currentTarget.checked)}
      />
      {style && <Swatch style={style} />}
    </label>
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
