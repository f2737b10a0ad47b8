// Compiles shaders for tensor cores with Dawn's bindings and no GPU: node compile_without_gpu.js <package webgpu> < texts.json
// Prints, for each text, the compiler's messages and the error of its pipeline.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const { create, globals } = await import(pathToFileURL(process.argv[2]).href);
Object.assign(globalThis, globals);
// A reference is kept, because devices end with the object that created them. The backend null compiles, but does not compute.
const gpu = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']);
const adapter = await gpu.requestAdapter();
const requiredFeatures = ['chromium-experimental-subgroup-matrix', 'shader-f16', 'subgroups'];
const missing = requiredFeatures.filter((name) => !adapter?.features.has(name));
if (missing.length > 0) {
  console.log(JSON.stringify({ missing }));
  process.exit(0);
}
const device = await adapter.requestDevice({ requiredFeatures });
const results = [];
for (const { text, constants } of JSON.parse(readFileSync(0, 'utf8'))) {
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ code: text });
  const { messages } = await module.getCompilationInfo();
  let error;
  try {
    await device.createComputePipelineAsync({ layout: 'auto', compute: { module, constants } });
  } catch (cause) {
    error = cause.message;
  }
  await device.popErrorScope();
  results.push({ messages: messages.map(({ type, message, lineNum }) => ({ type, message, lineNum })), error });
}
console.log(JSON.stringify({ results }));
// Dawn keeps polling, which would keep the process alive.
process.exit(gpu ? 0 : 1);
