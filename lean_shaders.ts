import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';
import { leanShader } from './src/gpu/lean_shader.ts';

/**
 * Shaders without their comments, which are a third of what the page would fetch, and without spaces and empty lines. An error of the
 * compiler quotes the lines that it is about.
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
