// Runs the suite in Deno: deno run -A --unstable-webgpu deno_host.js <short>
import { runSuite } from './suite.js';

console.log(JSON.stringify(await runSuite({ short: Deno.args[0] === 'true' })));
Deno.exit(0);
