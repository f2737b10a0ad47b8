import { prefetch } from '../ui/fetched_code.ts';
import { isKeptOffline } from './state.ts';
import { training } from './worker_client.ts';

/** Fetches the rest of the page when nothing else is to be done, and keeps all of it for visits without a network. */
export async function keepOffline(): Promise<void> {
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  if (connection?.saveData) return;
  await new Promise((resolve) => requestIdleCallback(resolve));
  await Promise.all([prefetch(), training.prefetch().catch(() => undefined)]);
  // Not every page may have one: it needs https or localhost.
  if (!import.meta.env.PROD || !navigator.serviceWorker) return;
  try {
    await navigator.serviceWorker.register('service-worker.js', { type: 'module' });
    await navigator.serviceWorker.ready;
    isKeptOffline.value = true;
  } catch {
    // The page is the same without it, as long as there is a network.
  }
}
