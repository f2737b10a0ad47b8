import type { ErrorParts } from '../errors.ts';
import type { SubgroupMatrixTrait } from './device.ts';
import { matrixForm } from './matrix_form.ts';

/** A configuration in `GPUAdapterInfo.subgroupMatrixConfigs`. */
interface MatrixConfig {
  componentType: string;
  resultComponentType: string;
  M: number;
  N: number;
  K: number;
}

/** The features that the shaders need. */
export const tensorCoreFeatures = ['chromium-experimental-subgroup-matrix', 'shader-f16', 'subgroups'];

/** Sizes of a matrix for which there are tiles. */
const sizes = [8, 16];

const howToGetThem =
  'use Chrome on a GPU with tensor cores (NVIDIA since Volta, AMD since RDNA 3, Intel Xe2, Apple M1 and later), started with --enable-unsafe-webgpu ' +
  'and, on Linux with an NVIDIA GPU, with --enable-dawn-features=vulkan_enable_f16_on_nvidia (wgrad --tensor-cores starts it so), ' +
  'or leave tensorCores (--tensor-cores) out';

const noTensorCores = (found: string): ErrorParts => ({
  what: 'This adapter has no tensor cores that wgrad can use',
  found,
  expected: `the WebGPU features ${tensorCoreFeatures.join(', ')}, with products of f16 matrices of 8 or 16 rows, columns and terms that are added up in f32`,
  fix: howToGetThem,
});

const configText = ({ componentType, resultComponentType, M, N, K }: MatrixConfig) =>
  `${M}x${N}x${K} of ${componentType} in ${resultComponentType}`;

/** The adapter's largest matrices for which there are tiles, or the error if it has none. */
export function matrixOf({ features: offered, info }: GPUAdapter): SubgroupMatrixTrait | ErrorParts {
  const name = [info.vendor, info.architecture, info.description].filter(Boolean).join(' ') || 'an unnamed adapter';
  const missing = tensorCoreFeatures.filter((feature) => !offered.has(feature as GPUFeatureName));
  if (missing.length > 0) return noTensorCores(`${name}, without ${missing.join(', ')}`);
  const configs = [...((info as { subgroupMatrixConfigs?: Iterable<MatrixConfig> }).subgroupMatrixConfigs ?? [])];
  const [best] = configs
    .filter((c) => c.componentType === 'f16' && c.resultComponentType === 'f32')
    .filter(({ M, N, K }) => [M, N, K].every((size) => sizes.includes(size)))
    .sort((a, b) => b.M * b.N * b.K - a.M * a.N * a.K);
  if (!best)
    return noTensorCores(`${name}, with ${configs.map(configText).join(', ') || 'no configuration of matrices'}`);
  return { m: best.M, n: best.N, k: best.K, subgroupSize: info.subgroupMaxSize };
}

/** A shader that uses the built-in functions as the kernels do. */
export function probeText({ m, n, k, subgroupSize, olderForm }: SubgroupMatrixTrait): string {
  const { directives, layout, stored_layout, is_column_major } = matrixForm(olderForm);
  return `${directives}
var<workgroup> a: array<f16, ${m * k}>;
var<workgroup> b: array<f16, ${k * n}>;
var<workgroup> y: array<f32, ${2 * m * n}>;
@compute @workgroup_size(${subgroupSize})
fn main(@builtin(subgroup_id) subgroup: u32) {
  let left = subgroupMatrixLoad<subgroup_matrix_left<f16, ${k}, ${m}>${layout}>(&a, 0u${is_column_major}, ${k}u);
  let right = subgroupMatrixLoad<subgroup_matrix_right<f16, ${n}, ${k}>${layout}>(&b, 0u${is_column_major}, ${n}u);
  var sum: subgroup_matrix_result<f32, ${n}, ${m}>;
  sum = subgroupMatrixMultiplyAccumulate(left, right, sum);
  subgroupMatrixStore${stored_layout}(&y, min(subgroup, 1u) * ${m * n}u, sum${is_column_major}, ${n}u);
}
`;
}

/** The compiler's errors in a module; none if it compiles. */
async function errorsOf(device: GPUDevice, code: string): Promise<string[]> {
  // Without this scope, an error would count as a lost device.
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ label: 'tensor cores', code });
  device.popErrorScope().catch(() => undefined);
  const { messages } = await module.getCompilationInfo();
  return messages.filter(({ type }) => type === 'error').map(({ message }) => message);
}

/** The matrices with the form of the built-in functions that the browser knows, or the error if it knows neither. */
export async function inKnownForm(
  device: GPUDevice,
  matrix: SubgroupMatrixTrait,
): Promise<SubgroupMatrixTrait | ErrorParts> {
  const errors = await errorsOf(device, probeText(matrix));
  if (errors.length === 0) return matrix;
  const older = { ...matrix, olderForm: true };
  if ((await errorsOf(device, probeText(older))).length === 0) return older;
  return noTensorCores(`a browser whose shaders know neither form of these matrices: ${errors[0]}`);
}
