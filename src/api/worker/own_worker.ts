/**
 * Starts the worker that comes with the package. Bundlers recognize this form and bundle the worker's script.
 *
 * A browser does not start a worker from another origin, such as a content delivery network. In that case a script of this page's
 * origin imports the worker's.
 */
export function ownWorker(): Worker {
  try {
    return new Worker(new URL('./trainer.worker.ts', import.meta.url), { type: 'module', name: 'wgrad' });
  } catch (error) {
    const here = import.meta.url;
    const script = new URL(scriptName(), here);
    if (script.origin === globalThis.location?.origin || !script.protocol.startsWith('http')) throw error;
    const importing = new Blob([`import ${JSON.stringify(script.href)};`], { type: 'text/javascript' });
    const url = URL.createObjectURL(importing);
    const worker = new Worker(url, { type: 'module', name: 'wgrad' });
    worker.addEventListener('message', () => URL.revokeObjectURL(url), { once: true });
    return worker;
  }
}

/** A function and a variable for the base URL hide the name from bundlers, which would bundle the script a second time. */
const scriptName = () => './trainer.worker.ts';
