import type { Opening } from './protocol.ts';

/**
 * Serves trainers to pages that call `trainInWorker`. If you provide the worker script yourself, this call is all that it has to contain.
 *
 * @example
 * // trainer.worker.js, for trainInWorker(options, { worker: new Worker(new URL('./trainer.worker.js', import.meta.url), { type: 'module' }) })
 * import { serveTrainer } from 'wgrad/worker';
 * serveTrainer();
 */
export function serveTrainer(): void {
  addEventListener('message', ({ data, ports }: MessageEvent<Opening | undefined>) => {
    const [port] = ports;
    if (data?.wgrad !== 'serve' || !port) return;
    const { lock } = data;
    // Messages wait in the port until the server has loaded.
    import('./server.ts').then(({ Server }) => new Server(port).begin(lock));
  });
}
