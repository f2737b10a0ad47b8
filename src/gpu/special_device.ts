import type { ConfigurationError, ErrorParts } from '../errors.ts';
import type { Gpu, GpuOptions, SubgroupMatrixTrait } from './device.ts';
import { inKnownForm, matrixOf, tensorCoreFeatures } from './tensor_cores.ts';

/** The error for the first of the limits that the adapter doesn't reach, if there is one. */
function unreached({ limits }: GPUAdapter, required: Record<string, number>): ErrorParts | undefined {
  for (const [name, value] of Object.entries(required)) {
    const most = limits[name as keyof GPUSupportedLimits] as number | undefined;
    if (most !== undefined && value <= most) continue;
    return {
      what: `The adapter does not support the limit ${name}`,
      found: most === undefined ? 'no limit of that name' : most,
      expected: String(value),
      fix: 'use a smaller data set, model or batch, or another adapter',
    };
  }
  return undefined;
}

/** The error for a value of `tensorCores` that isn't one, or that contradicts another option. */
function contradiction({ tensorCores, defaultLimitsOnly }: GpuOptions): ErrorParts | undefined {
  if (tensorCores !== undefined && typeof tensorCores !== 'boolean') {
    return { what: 'Invalid tensorCores of openGpu', found: tensorCores, expected: 'true or false' };
  }
  if (!tensorCores || !defaultLimitsOnly) return undefined;
  return {
    what: 'tensorCores and defaultLimitsOnly cannot be combined',
    found: 'both',
    expected: 'one of them: tensor cores are optional features',
    fix: 'leave one of them out',
  };
}

/**
 * Opens a device with the options that few devices have: `requiredLimits` and `tensorCores`. They are requested by an adapter that passes
 * all else on.
 *
 * @param open `openGpu`. It and the class of errors are passed, because bundlers would split what an app loads first into more files if this
 * file imported them.
 * @throws ConfigurationError if the adapter or the browser lacks something, and as `openGpu` does.
 */
export async function openSpecial(
  options: GpuOptions,
  open: (options: GpuOptions) => Promise<Gpu>,
  Invalid: typeof ConfigurationError,
): Promise<Gpu> {
  const requireNo = (error: ErrorParts | undefined) => {
    if (error) throw new Invalid(error);
  };
  const required = (found: SubgroupMatrixTrait | ErrorParts) => {
    if ('what' in found) throw new Invalid(found);
    return found;
  };
  requireNo(contradiction(options));
  const { tensorCores, requiredLimits = {}, ...others } = options;
  const entry = options.gpu ?? globalThis.navigator?.gpu;
  let matrix: SubgroupMatrixTrait | undefined;
  const requestAdapter = async (how?: GPURequestAdapterOptions) => {
    const adapter = await entry.requestAdapter(how);
    if (!adapter) return adapter;
    const requestDevice = async (descriptor: GPUDeviceDescriptor) => {
      requireNo(unreached(adapter, requiredLimits));
      if (tensorCores) matrix = required(matrixOf(adapter));
      const features = new Set([...descriptor.requiredFeatures!, ...(tensorCores ? tensorCoreFeatures : [])]);
      return adapter.requestDevice({
        ...descriptor,
        requiredLimits: { ...descriptor.requiredLimits, ...requiredLimits },
        requiredFeatures: [...features] as GPUFeatureName[],
      });
    };
    return { info: adapter.info, features: adapter.features, limits: adapter.limits, requestDevice };
  };
  const gpu = await open({ ...others, ...(entry && { gpu: { requestAdapter } as unknown as GPU }) });
  try {
    return Object.assign(gpu, {
      ...(matrix && { traits: { ...gpu.traits, subgroupMatrix: required(await inKnownForm(gpu.device, matrix)) } }),
      reopen: () => open(options),
    });
  } catch (error) {
    gpu.dispose();
    throw error;
  }
}
