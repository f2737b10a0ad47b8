// Runs the suite in Node on Dawn's bindings: node node_host.js <path of the package webgpu> <short>
const [, , path, short] = process.argv;
const { create, globals } = await import(path);
Object.assign(globalThis, globals);
// A reference is kept, because devices end with the object that created them.
const gpu = create([]);
const { runSuite } = await import('./suite.js');
const report = await runSuite({ gpu, short: short === 'true' });
console.log(JSON.stringify(report));
// Dawn keeps polling, which would keep the process alive.
process.exit(gpu ? 0 : 1);
