import { DrawerButton, openDrawer } from './features/predict/drawer.tsx';
import { installInk } from './features/predict/model.ts';
import { TryPanel } from './features/predict/panel.tsx';
import { installSaliency } from './features/predict/saliency.tsx';
import { ProfilePanel } from './features/profile/panel.tsx';
import { installLargestGradients } from './features/results/largest_gradients.tsx';
import { installResults } from './features/results/model.ts';
import { ResultsPanel } from './features/results/panel.tsx';
import { installQuestions } from './features/run/questions.ts';
import { ExportMenu } from './features/runs/export_menu.tsx';
import { RunsPanel } from './features/runs/kept_runs.tsx';
import { installSample } from './features/sample/model.ts';
import { SamplePanel } from './features/sample/panel.tsx';
import { EpochsPanel } from './features/training/epochs.tsx';
import { TwinsPanel } from './features/twins/panel.tsx';
import { installTwinChoices } from './features/twins/twin_choices.ts';

/** DrawerButton is part of the run bar once there is a network to ask. ExportMenu is part of the header. */
export { DrawerButton, ExportMenu, openDrawer };

/** The panels that are useful only after training, as one chunk that is loaded late. */
export const AfterTraining = () => (
  <>
    <TwinsPanel />
    <EpochsPanel />
    <ResultsPanel />
    <TryPanel />
    <SamplePanel />
    <RunsPanel />
    <ProfilePanel />
  </>
);

/** Called by main.tsx when this chunk has loaded. */
export function installAfterTraining(): void {
  installQuestions();
  installSample();
  installResults();
  installInk();
  installSaliency();
  installLargestGradients();
  installTwinChoices();
}
