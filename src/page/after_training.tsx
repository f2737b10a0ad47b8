import { TryPanel } from './features/predict/panel.tsx';
import { ProfilePanel } from './features/profile/panel.tsx';
import { ResultsPanel } from './features/results/panel.tsx';
import { EpochsPanel } from './features/training/epochs.tsx';
import { TwinsPanel } from './features/twins/panel.tsx';

/** The panels that have nothing to show before something has been trained, in a piece of code of their own. */
export function AfterTraining() {
  return (
    <>
      <TwinsPanel />
      <EpochsPanel />
      <ResultsPanel />
      <TryPanel />
      <ProfilePanel />
    </>
  );
}
