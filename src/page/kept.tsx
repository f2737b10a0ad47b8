import { keepOffline } from './app/offline.ts';
import { installRuns } from './features/runs/model.ts';

export { LastRun } from './features/runs/last_run.tsx';

/** Called by main.tsx when this chunk has loaded: from then on runs are saved, and the page is cached. */
export function installKept(): void {
  installRuns();
  keepOffline();
}
