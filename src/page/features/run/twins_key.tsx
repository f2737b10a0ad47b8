import { onDemand } from '../../ui/lazy.tsx';
import { run } from './state.ts';

const KeyOfTwins = onDemand(async () => (await import('./key_of_twins.tsx')).KeyOfTwins);

/** Which of the twins that are shown is which; nothing for a run that is alone. */
export const TwinsKey = () => (run.value?.twinB ? <KeyOfTwins /> : null);
