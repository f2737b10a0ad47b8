import { onDemand } from '../../ui/lazy.tsx';
import { run } from './state.ts';

const KeyOfTwins = onDemand(async () => (await import('./key_of_twins.tsx')).KeyOfTwins);

/** A legend for the shown twins; nothing for a single run. */
export const TwinsKey = () => (run.value?.twinB ? <KeyOfTwins /> : null);
