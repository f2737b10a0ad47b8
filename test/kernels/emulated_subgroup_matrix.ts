import type { SubgroupMatrixTrait } from '../../src/gpu/device.ts';

// Runs shaders for tensor cores on a device without them: replaces the types and built-in functions of subgroup matrices by plain WGSL. The
// rest of the text stays as it is, so that its loads, its tiles, its barriers and its stores are tested.

/** The subgroup that a device emulates; SwiftShader's own has four invocations. */
export const emulatedSubgroup = 32;

/** The configurations of NVIDIA's, Intel's and Apple's GPUs; the browser for the last one only has the older form. */
export const emulatedMatrices: Record<string, SubgroupMatrixTrait> = {
  '16 x 16 x 16': { m: 16, n: 16, k: 16, subgroupSize: emulatedSubgroup },
  '8 x 16 x 16': { m: 8, n: 16, k: 16, subgroupSize: emulatedSubgroup },
  '8 x 8 x 8, older form': { m: 8, n: 8, k: 8, subgroupSize: emulatedSubgroup, olderForm: true },
};

/**
 * The matrices as functions. An invocation keeps the elements of the result with the indices lane, lane + 32 and so on. The factors stay
 * where they are in workgroup memory: each is used right after it is loaded.
 */
const emulation = ({ m, n, k }: SubgroupMatrixTrait) => `
const each = ${(m * n) / emulatedSubgroup}u;
var<private> lane: u32;
struct Factor { offset: u32, stride: u32, }
struct Result { e: array<f32, ${(m * n) / emulatedSubgroup}>, }
// Rounds as a conversion to f16 does, to the nearest.
fn rounded(v: f32) -> f32 { return unpack2x16float(pack2x16float(vec2f(v, 0.0))).x; }
fn rounded_quad(v: vec4f) -> vec4f { return vec4f(rounded(v.x), rounded(v.y), rounded(v.z), rounded(v.w)); }
fn multiply_accumulate(left: Factor, right: Factor, sum: Result) -> Result {
  var all = sum;
  for (var i = 0u; i < each; i++) {
    let at = lane + ${emulatedSubgroup}u * i;
    let row = left.offset + at / ${n}u * left.stride;
    let column = right.offset + at % ${n}u;
    var e = all.e[i];
    for (var t = 0u; t < ${k}u; t++) { e = e + a_tile[row + t] * b_tile[column + t * right.stride]; }
    all.e[i] = e;
  }
  return all;
}
fn store_result(offset: u32, value: Result, stride: u32) {
  var own = value;
  for (var i = 0u; i < each; i++) {
    let at = lane + ${emulatedSubgroup}u * i;
    sums[offset + at / ${n}u * stride + at % ${n}u] = own.e[i];
  }
}
`;

/** Replaces exactly the pattern; a text that it does not fit is a mistake of this file. */
function replaced(text: string, pattern: RegExp, by: string): string {
  if (!pattern.test(text)) throw new Error(`nothing to emulate: no ${pattern}`);
  return text.replace(pattern, by);
}

/** The text of a shader without subgroup matrices; other texts are unchanged. */
export function emulated(text: string, matrix: SubgroupMatrixTrait): string {
  if (!text.includes('subgroup_matrix')) return text;
  const { m, n, k, olderForm } = matrix;
  const layout = olderForm ? '' : ', row_major';
  const flag = olderForm ? ', false' : '';
  let plain = replaced(text, /\benable \w+;/g, '').replace(/^diagnostic[^;]*;$/gm, '');
  plain = replaced(plain, /array<f16, (\d+)>/g, 'array<f32, $1>');
  plain = replaced(plain, /vec4<f16>\(/g, 'rounded_quad(');
  const load = (type: string, of: string, tile: string) =>
    new RegExp(`subgroupMatrixLoad<subgroup_matrix_${type}<f16, ${of}>${layout}>\\(&${tile}, ([^,\\n]*)${flag}, `, 'g');
  plain = replaced(plain, load('left', `${k}, ${m}`, 'a_tile'), 'Factor($1, ');
  plain = replaced(plain, load('right', `${n}, ${k}`, 'b_tile'), 'Factor($1, ');
  plain = replaced(plain, new RegExp(`subgroup_matrix_result<f32, ${n}, ${m}>`, 'g'), 'Result');
  plain = replaced(plain, /subgroupMatrixMultiplyAccumulate\(/g, 'multiply_accumulate(');
  const store = `subgroupMatrixStore${olderForm ? '' : '<row_major>'}\\(&sums, (.*?), (y\\d+)${flag}, `;
  plain = replaced(plain, new RegExp(store, 'g'), 'store_result($1, $2, ');
  plain = replaced(plain, /@builtin\(subgroup_id\) subgroup: u32,/, '');
  plain = replaced(
    plain,
    /(@builtin\(local_invocation_index\) index: u32,\s*\) \{)/,
    `$1\n  let subgroup = index / ${emulatedSubgroup}u;\n  lane = index % ${emulatedSubgroup}u;`,
  );
  const left = /subgroup_?matrix|f16/i.exec(plain);
  if (left) throw new Error(`not emulated: ${plain.slice(left.index - 40, left.index + 60)}`);
  return plain + emulation(matrix);
}

/** What the compiler of a browser with one form of the built-in functions makes of the probe: an empty module, or an error. */
const probed = (text: string, { olderForm = false }: SubgroupMatrixTrait) =>
  text.includes('row_major') === olderForm ? 'not WGSL' : '';

const withProperties = <T extends object>(target: T, changed: Partial<Record<keyof T, unknown>>): T =>
  new Proxy(target, {
    get(_, name) {
      if (name in changed) return changed[name as keyof T];
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

/** A GPU object whose adapter and devices seem to have tensor cores with these matrices. */
export function emulatedGpu(matrix: SubgroupMatrixTrait, entry: GPU = navigator.gpu): GPU {
  const own = ['chromium-experimental-subgroup-matrix', 'shader-f16'];
  const { m: M, n: N, k: K, subgroupSize } = matrix;
  const config = { M, N, K, componentType: 'f16', resultComponentType: 'f32' };
  const deviceOf = (device: GPUDevice) =>
    withProperties(device, {
      createShaderModule: ({ code, ...more }: GPUShaderModuleDescriptor) =>
        device.createShaderModule({
          ...more,
          code: more.label === 'tensor cores' ? probed(code, matrix) : emulated(code, matrix),
        }),
    });
  const adapterOf = (adapter: GPUAdapter) =>
    withProperties(adapter, {
      features: new Set([...adapter.features, ...own]),
      info: withProperties(adapter.info, {
        subgroupMaxSize: subgroupSize,
        subgroupMatrixConfigs: [config],
      } as Partial<GPUAdapterInfo>),
      requestDevice: async (descriptor: GPUDeviceDescriptor) => {
        const requiredFeatures = [...(descriptor.requiredFeatures ?? [])].filter((name) => !own.includes(name));
        // A float16 is emulated in four bytes.
        const requiredLimits = { ...descriptor.requiredLimits, maxComputeWorkgroupStorageSize: 32_768 };
        return deviceOf(await adapter.requestDevice({ ...descriptor, requiredFeatures, requiredLimits }));
      },
    });
  return withProperties(entry, {
    requestAdapter: async (how?: GPURequestAdapterOptions) => {
      const adapter = await entry.requestAdapter(how);
      return adapter && adapterOf(adapter);
    },
  });
}
