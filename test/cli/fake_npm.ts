import { createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { temporaryFolder } from './wgrad.ts';

/** A fake npm that returns the archive at FAKE_NPM, or fails, or writes half an archive and never ends. */
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
  // Makes the script CommonJS, wherever the folder is.
  writeFileSync(join(folder, 'package.json'), '{}');
  writeFileSync(path, program);
  return path;
}

/** Creates an archive as npm packs it, in a temporary folder. */
export async function archiveOf(files: Record<string, Uint8Array | string>): Promise<string> {
  const archive = pack();
  const path = join(temporaryFolder(), 'archive.tgz');
  const written = pipeline(archive, createGzip({ level: 1 }), createWriteStream(path));
  for (const [name, data] of Object.entries(files)) archive.entry({ name: `package/${name}` }, Buffer.from(data));
  archive.finalize();
  await written;
  return path;
}
