/**
 * Loads all code of the worker that may be needed later: its own, and what the library imports on demand. The build combines these modules
 * into a few files (`pageChunks` in build/page.ts), so that one module of each file is enough.
 */
export async function prefetch(): Promise<void> {
  await Promise.all([
    import('./app/worker/own_data.ts'),
    import('./features/results/worker.ts'),
    import('./features/run/worker.ts'),
    import('../data/mnist_part.ts'),
    import('../plan/layers/further.ts'),
  ]);
}
