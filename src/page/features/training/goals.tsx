import { lossOf } from '../../app/experiment.ts';
import { settingErrors, settled } from '../../app/state.ts';
import { fetched } from '../../ui/fetched_code.ts';
import { later } from '../../ui/lazy.tsx';
import { FoldingPanel } from '../../ui/panel.tsx';
import { run } from '../run/state.ts';

const Forms = later(
  fetched(() => import('./goal_forms.tsx')),
  ({ GoalForms }) => GoalForms,
  'Loss, class weights, metrics, validation, early stopping',
  { kind: 'facts', isWanted: () => run.value !== undefined },
);

/** The loss, the metrics and early stopping: few visitors need these forms, so they are loaded when they scroll into view. */
export function GoalsPanel() {
  const { optimizer, ...errors } = settingErrors.value;
  const [wrong] = Object.values(errors);
  return (
    <FoldingPanel
      id="goals"
      title="Loss and validation"
      gist={wrong ? wrong.what : gistOf()}
      isWrong={wrong !== undefined}
    >
      <Forms />
    </FoldingPanel>
  );
}

function gistOf(): string {
  const { fit, ...experiment } = settled.value;
  return [
    lossOf(experiment).type,
    ...(fit?.classWeight !== undefined ? ['class weights'] : []),
    ...(fit?.earlyStopping ? ['early stopping'] : []),
  ].join(', ');
}
