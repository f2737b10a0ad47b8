import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const python = '/usr/bin/python3';

/** Whether Debian's Python has these modules: python3-torch, python3-onnx, python3-numpy. */
export const hasPython = (...modules: string[]): boolean =>
  spawnSync(python, ['-c', `import ${modules.join(', ')}`]).status === 0;

/** Runs a script of this folder and parses its output as JSON. */
export const runPython = <T>(script: string, ...args: string[]): T => runWith(python, script, ...args);

/** Like `runPython`, with another Python. */
export const runWith = <T>(python: string, script: string, ...args: string[]): T => {
  const path = script.includes('/') ? script : fileURLToPath(new URL(script, import.meta.url));
  return JSON.parse(execFileSync(python, [path, ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 }));
};
