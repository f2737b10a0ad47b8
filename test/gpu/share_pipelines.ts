// Compiling takes most of the time of many tests on SwiftShader, and each trainer compiles for itself. So tests on one
// device share their pipelines: a request with the shader text, constants and bindings of an earlier one gets the
// same pipeline. A shader that does not compile is compiled, and fails, again.

const texts = new WeakMap<GPUShaderModule, string>();
const bindings = new WeakMap<GPUObjectBase, string>();
const pipelines = new WeakMap<GPUDevice, Map<string, Promise<GPUComputePipeline>>>();

const { createShaderModule, createBindGroupLayout, createPipelineLayout, createComputePipelineAsync } =
  GPUDevice.prototype;

GPUDevice.prototype.createShaderModule = function (this: GPUDevice, descriptor) {
  const module = createShaderModule.call(this, descriptor);
  texts.set(module, descriptor.code);
  return module;
};

GPUDevice.prototype.createBindGroupLayout = function (this: GPUDevice, descriptor) {
  const layout = createBindGroupLayout.call(this, descriptor);
  bindings.set(layout, JSON.stringify(descriptor.entries));
  return layout;
};

GPUDevice.prototype.createPipelineLayout = function (this: GPUDevice, descriptor) {
  const layout = createPipelineLayout.call(this, descriptor);
  bindings.set(layout, JSON.stringify([...descriptor.bindGroupLayouts].map((group) => group && bindings.get(group))));
  return layout;
};

GPUDevice.prototype.createComputePipelineAsync = function (this: GPUDevice, descriptor) {
  const { layout, compute } = descriptor;
  const key = JSON.stringify([
    texts.get(compute.module),
    compute.entryPoint,
    compute.constants,
    layout === 'auto' ? layout : bindings.get(layout),
  ]);
  const known = pipelines.get(this) ?? new Map<string, Promise<GPUComputePipeline>>();
  pipelines.set(this, known);
  const pipeline = known.get(key) ?? createComputePipelineAsync.call(this, descriptor);
  known.set(key, pipeline);
  pipeline.catch(() => known.delete(key));
  return pipeline;
};
