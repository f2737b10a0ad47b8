import { relative, sep } from 'node:path';
import type { Plugin } from 'vite';

/** The event that tells the page of a saved shader: its path in the folder, and its text. */
const shaderEvent = 'wgrad:shader';

/**
 * Sends every saved shader to the page, which checks and times it. By default, Vite would reload the page, which would end its training.
 *
 * @param folder of the shaders.
 */
export const shaderUpdates = (folder: string): Plugin => ({
  name: 'wgrad-shader-updates',
  apply: 'serve',
  configureServer: ({ watcher }) => void watcher.add(folder),
  hotUpdate: {
    // After Vite's own plugins, one of which would reload the page when a file is added or deleted.
    order: 'post',
    async handler({ file, type, read }) {
      const path = relative(folder, file).split(sep).join('/');
      if (!file.endsWith('.wgsl') || path.startsWith('../')) return undefined;
      if (this.environment.name === 'client' && type !== 'delete') {
        this.environment.hot.send(shaderEvent, { path, text: await read() });
      }
      return [];
    },
  },
});
