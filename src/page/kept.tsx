import { keepOffline } from './app/offline.ts';
import { installRuns } from './features/runs/model.ts';

export { LastRun } from './features/runs/last_run.tsx';

/** For main.tsx, once this code is there: runs are kept from then on, and the page itself. */
export function installKept(): void {
  installRuns();
  keepOffline();
}
