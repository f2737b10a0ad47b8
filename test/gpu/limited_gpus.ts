import { type Gpu, openGpu } from '../../src/gpu/device.ts';

// Devices with WebGPU's default limits, shared by the test files that run the kernels of the self-test.

/** Requests the adapter's features, but no limits above the defaults. */
const featuresOnly = {
  async requestAdapter(options?: GPURequestAdapterOptions) {
    const adapter = (await navigator.gpu.requestAdapter(options))!;
    return {
      info: adapter.info,
      features: adapter.features,
      limits: adapter.limits,
      requestDevice: ({ requiredFeatures }: GPUDeviceDescriptor) => adapter.requestDevice({ requiredFeatures }),
    };
  },
} as unknown as GPU;

/** Without optional features. */
export const weakest: Gpu = await openGpu({ defaultLimitsOnly: true });
/** With the adapter's features: the environment of kernels with subgroups. */
export const withFeatures: Gpu = await openGpu({ gpu: featuresOnly });

/** All shaders that either device has compiled. */
export const modules: { name: string; module: GPUShaderModule }[] = [];
for (const { device } of [weakest, withFeatures]) {
  const create = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) => {
    const module = create(descriptor);
    modules.push({ name: descriptor.label ?? '', module });
    return module;
  };
}
