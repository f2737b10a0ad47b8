import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runIn, shellEnvironment } from './packed.ts';

const compilers = join(import.meta.dirname, 'typescript');
const own = '6';

/** Of TypeScript: those in `typescript/`, each a workspace so that no two want the name `tsc`, and the project's own. */
export const versions = [...readdirSync(compilers), own].sort();

export interface CompilerOptions {
  /** Beside those of Vite, which declare the `?url` of the README's example. */
  types?: string[];
  skipLibCheck?: boolean;
  /** Leaves TypeScript's own declarations unchecked, which take as long as all else. */
  skipDefaultLibCheck?: boolean;
  module?: 'ESNext' | 'NodeNext';
}

/** Type checks what a project has in src. @returns the lines of its errors. */
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
