import { afterAll, describe, expect, test } from 'vitest';
import { float16 } from '../../src/float16.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { withStorage } from '../../src/gpu/half_storage.ts';
import { type Kernel, type SpecializedKernel, specialize, type Variant } from '../../src/gpu/kernel.ts';
import { loadFurtherTraining } from '../../src/plan/loaded_training.ts';
import { expectSame, expectWithin } from '../../src/selftest/compare.ts';
import { type KernelCase, kernelCases } from '../../src/selftest/kernel_cases.ts';
import { cacheOf, fill, floats, variantsOf } from '../../src/selftest/kernels/check_kernel.ts';
import { type Contents, guarded } from '../../src/selftest/kernels/guarded_launch.ts';
import { halfOf, halfUlp, packedHalves, rounded, unpackedHalves } from './halves.ts';

await loadFurtherTraining();
const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

/** The bindings that hold activations or their gradients. */
const activations = ['x', 'y', 'dx', 'dy', 'residual'];
/** An optimizer's v is one of its slots. */
const isActivation = (name: string, { name: kernel }: { name: string }) =>
  activations.includes(name) || /^(?:g|x|y|dy)\d$/.test(name) || (name === 'v' && kernel === 'sum_gradients');

/** Kernels whose twins have inputs of their own, which are not rounded: their results in float32 are compared instead. */
const ownInputs = ['concatenate_forward', 'layer_statistics'];

const layerKernels = kernelCases().filter(
  ({ kernel }) => !/^(?:augment|gather|muon|newton|softmax_cross|loss|equal_units)|loss$/.test(kernel.name),
);
const plain = { half: true, read: 1, write: 1 };

/** The activations of a kernel that can be halves. */
const halvesOf = (kernel: SpecializedKernel) =>
  kernel.bindings
    .map(({ name }) => name)
    .filter((name) => isActivation(name, kernel) && withStorage(kernel, new Map([[name, plain]])));

const run = async (kernel: SpecializedKernel, contents: Record<string, Contents>) => {
  const launch = guarded(gpu, await cacheOf(gpu).compileSpecialized(kernel));
  try {
    return await launch.run(contents);
  } finally {
    launch.dispose();
  }
};

/** Inputs as the kernel with halves reads them: rounded in float32 for the twin, and packed. */
function inHalves(inputs: Record<string, Contents>, names: readonly string[]) {
  const [wide, packed] = [{ ...inputs }, { ...inputs }];
  for (const name of names) {
    const values = inputs[name];
    if (!values) continue;
    wide[name] = Float32Array.from(values, rounded);
    packed[name] = packedHalves(values);
  }
  return { wide, packed };
}

/** Sums that may be rounded differently; NaN where nothing is written. */
function expectSums(name: string, actual: Float32Array, expected: Float32Array) {
  expectSame(
    name,
    actual.map((sum) => Number(Number.isNaN(sum))),
    expected.map((sum) => Number(Number.isNaN(sum))),
  );
  const [a, b] = [actual, expected].map((sums) => sums.map((sum) => sum || 0)) as [Float32Array, Float32Array];
  expectWithin(
    name,
    a,
    b,
    b.map((sum) => 1e-5 * Math.abs(sum)),
  );
}

async function compare(check: KernelCase, variant: Variant): Promise<string[]> {
  const { kernel, shape } = check;
  const own = specialize(kernel, shape, gpu.traits, variant);
  const names = halvesOf(own);
  if (names.length === 0) return [];
  const half = withStorage(own, new Map(names.map((name) => [name, plain])))!;
  const launch = guarded(gpu, await cacheOf(gpu).compileSpecialized(own));
  const inputs = fill(check, launch, 1);
  const { wide, packed } = inHalves(inputs, names);
  const twin = check.twin(wide);
  const given = await launch.run(wide);
  launch.dispose();
  const hasTwin = !ownInputs.includes(kernel.name);
  if (hasTwin) for (const [name, bits] of Object.entries(given)) twin[name]!(name, bits);
  const stored = await run(half, packed);
  for (const [name, bits] of Object.entries(stored)) {
    if (!names.includes(name)) {
      if (hasTwin) twin[name]!(name, bits);
      else if (name === 'partials') expectSums(name, floats(bits), floats(given[name]!));
      else expectSame(name, bits, given[name]!);
      continue;
    }
    // The float32 result is within the kernel's bound of the twin's.
    const results = floats(given[name]!);
    const values = unpackedHalves(bits, results.length);
    for (const [i, value] of values.entries()) {
      const expected = results[i]!;
      if (Number.isNaN(expected) && Number.isNaN(value)) continue;
      const off = Math.abs(value - expected);
      // A different order of roundings in the compiled text may move a result across the middle between two halves.
      const bound = halfUlp(expected) + 2 ** -20 * Math.abs(expected) + 2 ** -40;
      if (!(off <= bound))
        throw new Error(`${name}[${i}] is ${value}, ${expected} in float32: off by ${off / bound} bounds`);
    }
  }
  return names;
}

describe('every kernel with its activations in halves', () => {
  const covered = new Set<string>();
  test.each(layerKernels.map((check, i) => [`${check.kernel.name} ${i}`, check, i] as const))(
    '%s',
    async (_, check, at) => {
      const variants = variantsOf(check.kernel, check.shape, gpu.traits);
      // Cases of a kernel take turns with its variants.
      const variant = variants[at % variants.length]!;
      for (const name of await compare(check, variant)) covered.add(`${check.kernel.name}.${name}`);
    },
  );

  test('only single halves that are written, and words, keep their type', () => {
    const others = new Set<string>();
    for (const { kernel, shape } of layerKernels as { kernel: Kernel<object>; shape: object }[]) {
      for (const variant of variantsOf(kernel, shape, gpu.traits)) {
        const own = specialize(kernel, shape, gpu.traits, variant);
        const halves = halvesOf(own);
        for (const { name, type, access } of own.bindings) {
          const isFloat = /array<(?:f32|vec[24]f)>/.test(type);
          const isSingle = type === 'array<f32>' && access === 'read_write';
          if (isActivation(name, kernel) && isFloat && !isSingle && !halves.includes(name))
            others.add(`${kernel.name}.${name}`);
        }
      }
    }
    expect([...others]).toEqual([]);
    expect(covered.size).toBeGreaterThan(80);
  });
});

const copy = (type: string, length: number, store = 'y[i] = x[i];'): Kernel<object> => ({
  name: 'copy',
  source: `// y[i] = x[i]
@group(0) @binding(0) var<storage, read> x: array<${type}>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i < ${length / 4}u) { ${store} }
}
`,
  buffers: () => ({ x: length, y: length }),
  workgroups: () => [Math.ceil(length / 256)],
  cost: () => ({ flops: 0, bytes: 8 * length }),
});

const specialized = (kernel: Kernel<object>) => specialize(kernel, {}, gpu.traits);

describe('conversion', () => {
  const finite = [0, -0, 1, -1, 1 / 3, 0.1, 65504, -65504, 6.1e-5, 2 ** -14, 3.3e-6, 2 ** -24, -1.7 * 2 ** -20, 1e-9];
  const special = [65505, 1e6, -1e6, 3e38, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
  const values = Float32Array.from({ length: 1024 }, (_, i) => {
    if (i < finite.length) return finite[i]!;
    return Math.sin(i) * 2 ** ((i % 40) - 25);
  });

  test('every half is read exactly', async () => {
    const all = Array.from({ length: 65536 }, (_, bits) => float16(bits));
    const kernel = withStorage(specialized(copy('vec4f', 65536)), new Map([['x', plain]]))!;
    const { y } = await run(kernel, { x: new Uint32Array(Uint16Array.from(all.keys()).buffer) });
    const read = floats(y!);
    const off = all.filter((value, i) => !Object.is(read[i], value) && !(Number.isNaN(value) && Number.isNaN(read[i])));
    expect(off).toEqual([]);
  });

  test('numbers are written as the nearest half', async () => {
    const kernel = withStorage(specialized(copy('vec4f', 1024)), new Map([['y', plain]]))!;
    const { y } = await run(kernel, { x: values });
    const words = Array.from(new Uint16Array(y!.buffer, y!.byteOffset, 1024));
    const off = words.flatMap((bits, i) => (bits === halfOf(values[i]!) ? [] : [[values[i], float16(bits)]]));
    expect(off).toEqual([]);
  });

  test('what is too large becomes an infinity, and NaN stays NaN', async () => {
    const kernel = withStorage(specialized(copy('vec4f', 64)), new Map([['y', plain]]))!;
    const x = Float32Array.from({ length: 64 }, (_, i) => special[i % special.length]!);
    const { y } = await run(kernel, { x });
    const expected = Array.from(x, (value) =>
      Number.isNaN(value) ? value : Math.sign(value) * Number.POSITIVE_INFINITY,
    );
    expect([...unpackedHalves(y!, 64)]).toEqual(expected);
  });

  test('single numbers and pairs are read from what another kernel wrote as vectors of four', async () => {
    const halves = packedHalves(values);
    for (const [type, all] of [
      ['f32', 'y[i] = vec4f(x[4u * i], x[4u * i + 1u], x[4u * i + 2u], x[4u * i + 3u]);'],
      ['vec2f', 'y[i] = vec4f(x[2u * i], x[2u * i + 1u]);'],
    ] as const) {
      const kernel = withStorage(specialized(copy(type, 1024, all)), new Map([['x', plain]]))!;
      const { y } = await run(kernel, { x: halves });
      expect([...floats(y!)], type).toEqual(Array.from(values, rounded));
    }
  });

  test('factors apply to halves and to float32', async () => {
    const scaled = (half: boolean) => ({ half, read: 1 / 8, write: 1 });
    for (const half of [true, false]) {
      const stored = new Map([
        ['x', scaled(half)],
        ['y', { half: false, read: 1, write: 16 }],
      ]);
      const kernel = withStorage(specialized(copy('vec4f', 1024)), stored)!;
      const { y } = await run(kernel, { x: half ? packedHalves(values) : values });
      expect([...floats(y!)]).toEqual(Array.from(values, (value) => 2 * (half ? rounded(value) : value)));
    }
  });
});
