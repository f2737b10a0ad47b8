import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runIn, shellEnvironment } from './packed.ts';

const compilers = join(import.meta.dirname, 'typescript');
const own = '6';

/**
 * Versions of TypeScript: those in `typescript/`, each in its own workspace because all of them provide `tsc`, and the project's.
 */
export const versions = [...readdirSync(compilers), own].sort();

export interface CompilerOptions {
  /** In addition to Vite's types, which declare the `?url` of the README's example. */
  types?: string[];
  skipLibCheck?: boolean;
  /** Skips TypeScript's own declarations, which take as long to check as everything else. */
  skipDefaultLibCheck?: boolean;
  module?: 'ESNext' | 'NodeNext';
}

/** Type-checks the src folder of a project. @returns the lines of its errors. */
export async function compile(project: string, version: string, options: CompilerOptions): Promise<string[]> {
  const { types = [], skipLibCheck = false, skipDefaultLibCheck = false, module = 'ESNext' } = options;
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2022', 'DOM', 'DOM.Iterable'],
    module,
    moduleResolution: module === 'ESNext' ? 'Bundler' : module,
    strict: true,
    noEmit: true,
    types: ['vite/client', ...types],
    skipLibCheck,
    skipDefaultLibCheck,
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  const folder = version === own ? root : join(compilers, version);
  const compiler = join(folder, 'node_modules/typescript/bin/tsc');
  if (!existsSync(compiler)) throw new Error(`TypeScript ${version} is not installed: npm ci installs it`);
  const { text } = await runIn(project, shellEnvironment(), process.execPath, compiler, '-p', 'tsconfig.json');
  return text.split('\n').filter((line) => line.includes('error'));
}
