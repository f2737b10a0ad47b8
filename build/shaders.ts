import { readFileSync } from 'node:fs';
import { RolldownMagicString } from 'rolldown';
import type { Plugin } from 'vite';
import { leanShader } from '../src/gpu/lean_shader.ts';

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

/** Matches a module that contains only the text of a shader, in a chunk that is not minified yet. */
const shaderModule = /^\/\/ \S+\.wgsl\?raw\n(var [\w$]+ = "(?:[^"\\\n]|\\.)*";)\n/gm;

/** Moves the texts of all shaders in a chunk next to each other, because they compress better that way than scattered among the code. */
export const shadersTogether: Plugin = {
  name: 'wgrad-shaders-together',
  apply: 'build',
  renderChunk(code) {
    const shaders = [...code.matchAll(shaderModule)];
    if (shaders.length === 0) return null;
    const moved = new RolldownMagicString(code);
    // Shaders have no dependencies, so they can come first.
    for (const { 0: text, index } of shaders) if (index > 0) moved.move(index, index + text.length, 0);
    return moved;
  },
};
