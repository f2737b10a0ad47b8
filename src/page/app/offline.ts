import { prefetch } from '../ui/fetched_code.ts';
import { isKeptOffline } from './state.ts';
import { training } from './worker_client.ts';

/** Prefetches the rest of the page when the browser is idle, and caches all of it for visits without a network. */
export async function keepOffline(): Promise<void> {
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  if (connection?.saveData) return;
  await new Promise((resolve) => requestIdleCallback(resolve));
  await Promise.all([prefetch(), training.prefetch().catch(() => undefined)]);
  // Service workers require https or localhost.
  if (!import.meta.env.PROD || !navigator.serviceWorker) return;
  try {
    await navigator.serviceWorker.register('service-worker.js', { type: 'module' });
    await navigator.serviceWorker.ready;
    isKeptOffline.value = true;
  } catch {
    // Without the service worker the page works in the same way as long as there is a network.
  }
}
