// Measures this machine's GPU: node kit.js [--quick] [--adapter software] [--minutes 8] [--out gpu-kit.json] [--bindings <path>] [--python
// <path>] Everything that it needs is in the same folder or part of Node. It does not access the network.
import { spawn, spawnSync } from 'node:child_process';
import events from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';

const folder = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const usage =
  'node kit.js [--quick] [--adapter auto|software|hardware] [--minutes 8] [--networks tutorial,resnet20] [--out gpu-kit.json] [--python python3]';

/** Ends with exit code 2 for wrong usage. */
function refuse(what) {
  console.error(`error: ${what}\n  usage: ${usage}`);
  process.exit(2);
}

const { values } = parsed({
  options: {
    quick: { type: 'boolean', default: false },
    adapter: { type: 'string', default: 'auto' },
    minutes: { type: 'string', default: '8' },
    /** Names of the networks whose steps are measured, with commas. */
    networks: { type: 'string', default: 'tutorial,resnet20' },
    out: { type: 'string', default: 'gpu-kit.json' },
    /** The npm package webgpu, if it is not the kit's own. */
    bindings: { type: 'string' },
    /** The Python to look for torch in. */
    python: { type: 'string', default: 'python3' },
    /** Set by the kit itself, once the environment names the Vulkan driver. */
    prepared: { type: 'boolean', default: false },
  },
});
function parsed(options) {
  try {
    return parseArgs(options);
  } catch (error) {
    return refuse(error.message);
  }
}
const minutes = Number(values.minutes);
if (!(minutes > 0)) refuse(`--minutes is "${values.minutes}", but has to be a number above 0`);
if (!['auto', 'software', 'hardware'].includes(values.adapter)) refuse(`there is no --adapter ${values.adapter}`);
const networks = values.networks.split(',');
for (const name of networks) {
  if (!['tutorial', 'resnet20'].includes(name)) refuse(`--networks has no network "${name}"`);
}

if (!values.prepared && process.platform === 'linux') restart();

/**
 * Starts the kit again with the Vulkan loader that comes with it, if the machine has none. Containers with NVIDIA's driver often lack
 * the file that names the driver to that loader: then the kit writes one.
 */
function restart() {
  const env = { ...process.env };
  const loaders = spawnSync('ldconfig', ['-p'], { encoding: 'utf8' }).stdout ?? '';
  if (!loaders.includes('libvulkan.so.1') && existsSync(join(folder, 'lib/libvulkan.so.1'))) {
    env.LD_LIBRARY_PATH = [join(folder, 'lib'), env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  }
  const places = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'];
  const drivers = places.flatMap((place) => (existsSync(place) ? readdirSync(place) : []));
  const nvidia = /libGLX_nvidia\.so\.0/.test(loaders);
  if (nvidia && !drivers.some((name) => name.includes('nvidia')) && !env.VK_DRIVER_FILES && !env.VK_ICD_FILENAMES) {
    const file = join(mkdtempSync(join(tmpdir(), 'gpu-kit-')), 'nvidia_icd.json');
    writeFileSync(
      file,
      JSON.stringify({
        file_format_version: '1.0.0',
        ICD: { library_path: 'libGLX_nvidia.so.0', api_version: '1.3.0' },
      }),
    );
    Object.assign(env, { VK_DRIVER_FILES: file, VK_ICD_FILENAMES: file });
  }
  env.XDG_RUNTIME_DIR ??= tmpdir();
  const args = [import.meta.filename ?? new URL(import.meta.url).pathname, ...process.argv.slice(2), '--prepared'];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env });
  process.exit(status ?? 1);
}

const bindings = values.bindings ?? join(folder, 'webgpu/index.js');
if (!existsSync(bindings)) {
  console.error(
    `error: the kit has no bindings of WebGPU: found nothing at ${bindings}; give --bindings <path of the npm package webgpu>`,
  );
  process.exit(3);
}
const { create, globals } = await import(pathToFileURL(bindings).href);
Object.assign(globalThis, globals);
// A reference is kept, because devices end with the object that created them.
const gpu = create([]);
// Tensor cores are an experimental feature, and Dawn offers float16 on NVIDIA's driver only if it is asked to. The other measurements do
// without both.
const tensorGpu = create(['enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia']);
const { measure } = await import('./measure.js');

/** MNIST as gzipped IDX files: a header of 16 bytes before the images, of 8 before the labels. */
function readMnist() {
  const read = (name, header) =>
    new Uint8Array(gunzipSync(readFileSync(join(folder, 'mnist', `${name}.gz`)))).subarray(header);
  if (!existsSync(join(folder, 'mnist'))) return undefined;
  const part = (name) => ({
    images: read(`${name}-images-idx3-ubyte`, 16),
    labels: read(`${name}-labels-idx1-ubyte`, 8),
  });
  return { train: part('train'), test: part('t10k') };
}

// Every trainer listens for the loss of the device, so many listeners are not a leak.
events.defaultMaxListeners = 0;

const begun = performance.now();
const secondsLeft = () => 60 * minutes - (performance.now() - begun) / 1000;
const hasTorch = spawnSync(values.python, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0;
/** Reserved for PyTorch, if it is installed. */
const torchSeconds = hasTorch ? Math.min(values.quick ? 30 : 90, 12 * minutes) : 0;
const report = { kit: 1, date: new Date().toISOString(), node: process.version, quick: values.quick };
const write = (more) => {
  Object.assign(report, more);
  writeFileSync(values.out, `${JSON.stringify(report, undefined, 1)}\n`);
};
let failed = false;
try {
  const mnist = readMnist();
  await measure({
    ...{ gpu: { gpu, adapter: values.adapter, timeout: 120_000 }, quick: values.quick, say: console.log, keep: write },
    networks,
    tensorGpu,
    seconds: secondsLeft() - torchSeconds,
    ...(mnist && { mnist }),
  });
} catch (error) {
  failed = true;
  // WebGPU's own errors advise on browsers.
  const isMissing = error?.name === 'SetupError';
  console.error(`error: ${isMissing ? noGpu(error) : error instanceof Error ? error.message : error}`);
  write({ error: String(error) });
}
write({ pytorch: await measureTorch(secondsLeft()) });
for (const line of comparisonLines(report)) console.log(line);
for (const note of report.notes ?? []) console.log(`note     ${note}`);
console.log(`written  ${values.out}, ${((performance.now() - begun) / 1000).toFixed(0)} s`);
// Dawn keeps polling, which would keep the process alive.
process.exit(failed ? 3 : gpu && tensorGpu ? 0 : 1);

/** For each step that both measured, how many times as fast as PyTorch wgrad is with its fastest variants. */
function comparisonLines({ steps = [], pytorch }) {
  return pytorch.flatMap(({ network, batchSize, device, eagerImagesPerSecond, graphImagesPerSecond }) => {
    const same = steps.filter((step) => step.network === network && step.batchSize === batchSize);
    if (same.length === 0) return [];
    const rate = Math.max(...same.map(({ imagesPerSecond }) => imagesPerSecond));
    const ratios = [
      eagerImagesPerSecond && `${(rate / eagerImagesPerSecond).toFixed(2)} times PyTorch eager on ${device}`,
      graphImagesPerSecond && `${(rate / graphImagesPerSecond).toFixed(2)} times its CUDA graph`,
    ].filter(Boolean);
    if (ratios.length === 0) return [];
    return [`compared ${network}, batch ${batchSize}: wgrad ${rate.toFixed(0)} images/s, ${ratios.join(', ')}`];
  });
}

/** What to do if WebGPU finds no adapter, or none of the kind that --adapter asks for. */
function noGpu({ message }) {
  const drivers = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES ?? "the system's Vulkan drivers";
  return (
    `${message.split('\n')[0]}\n  found: none with ${drivers}\n` +
    "  to do: install the GPU's driver with Vulkan support; vulkaninfo --summary has to list the GPU. A container with an NVIDIA GPU needs " +
    'NVIDIA_DRIVER_CAPABILITIES=all. To try the kit on the CPU, install Chromium and set VK_ICD_FILENAMES to its vk_swiftshader_icd.json'
  );
}

/**
 * Measures PyTorch's steps if python3 with torch is installed. Its rows arrive one by one, so none of them is lost if it is interrupted.
 */
async function measureTorch(seconds) {
  if (!hasTorch) {
    console.log(`pytorch  ${values.python} has no torch, so PyTorch is not measured (--python names another one)`);
    return [];
  }
  const steps = values.quick
    ? [['tutorial', 8]]
    : [
        ['tutorial', 32],
        ['tutorial', 256],
        ['tutorial', 1024],
        ['resnet20', 128],
      ];
  const order = { folder: join(folder, 'torch'), seconds: values.quick ? 0.3 : 5, steps };
  const rows = [];
  await new Promise((resolve) => {
    const child = spawn(values.python, [join(folder, 'torch_step.py'), JSON.stringify(order)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: Math.ceil(1000 * Math.max(10, seconds)),
    });
    let rest = '';
    child.stdout.on('data', (data) => {
      const lines = (rest + data).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        const row = JSON.parse(line);
        rows.push(row);
        const rates = [
          row.eagerImagesPerSecond && `${row.eagerImagesPerSecond.toFixed(0)} images/s eager`,
          row.graphImagesPerSecond && `${row.graphImagesPerSecond.toFixed(0)} as a CUDA graph`,
          row.error,
        ];
        console.log(
          `pytorch  ${row.network}, batch ${row.batchSize}, ${row.device}: ${rates.filter(Boolean).join(', ')}`,
        );
      }
    });
    child.on('error', resolve);
    child.on('close', resolve);
  });
  return rows;
}
