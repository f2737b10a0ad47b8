import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';
import { leanShader } from './src/gpu/lean_shader.ts';

/**
 * Strips comments from shaders, which would make up a third of what the page downloads, and also spaces and empty lines. Errors of the
 * shader compiler quote the lines that they refer to.
 */
export const leanShaders: Plugin = {
  name: 'wgrad-lean-shaders',
  apply: 'build',
  enforce: 'pre',
  load(id) {
    const path = /^(.*\.wgsl)\?raw$/.exec(id)?.[1];
    return path && `export default ${JSON.stringify(leanShader(readFileSync(path, 'utf8')))}`;
  },
};
