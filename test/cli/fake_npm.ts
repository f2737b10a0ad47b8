import { createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { temporaryFolder } from './wgrad.ts';

/** An npm that gives the archive at FAKE_NPM, or fails, or leaves half an archive and never ends. */
const program = `
const { copyFileSync, writeFileSync } = require('node:fs');
const [command, spec] = process.argv.slice(2);
const what = process.env.FAKE_NPM;
if (command !== 'pack') process.exit(9);
if (what === 'fails') {
  console.error('npm error 404 Not Found');
  process.exit(1);
} else if (what === 'hangs') {
  writeFileSync('half.tgz', 'half');
  setInterval(() => {}, 1000);
} else copyFileSync(what, spec.replace('@', '-') + '.tgz');
`;

/** Writes it into a folder. @returns its path, for the environment variable npm_execpath. */
export function fakeNpm(folder: string): string {
  const path = join(folder, 'npm-cli.js');
  // CommonJS, wherever the folder is.
  writeFileSync(join(folder, 'package.json'), '{}');
  writeFileSync(path, program);
  return path;
}

/** An archive as npm packs one, in a temporary folder. */
export async function archiveOf(files: Record<string, Uint8Array | string>): Promise<string> {
  const archive = pack();
  const path = join(temporaryFolder(), 'archive.tgz');
  const written = pipeline(archive, createGzip({ level: 1 }), createWriteStream(path));
  for (const [name, data] of Object.entries(files)) archive.entry({ name: `package/${name}` }, Buffer.from(data));
  archive.finalize();
  await written;
  return path;
}
