import { EpochsPanel } from './epochs.tsx';
import { ProfilePanel } from './profile.tsx';
import { ResultsPanel } from './results.tsx';
import { TryPanel } from './try.tsx';
import { TwinsPanel } from './twins.tsx';

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
