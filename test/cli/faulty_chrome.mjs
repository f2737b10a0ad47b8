// A Chrome with a fault: a proxy between the command and a real Chrome, which forwards the pipe between them.
//   node faulty_chrome.mjs <fault> <path of Chrome> <Chrome's arguments>
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

const [, , fault, chrome, ...args] = process.argv;

/** Scripts that run before the page's own. */
const scripts = {
  // Mesa's llvmpipe does this to Chrome on Linux.
  'adapter never comes': 'GPU.prototype.requestAdapter = () => new Promise(() => {})',
  'device never comes': 'GPUAdapter.prototype.requestDevice = () => new Promise(() => {})',
};
/** Commands that never reach Chrome. */
const lost = { 'page never opens': 'Page.navigate', 'never closes': 'Browser.close' };

// Faults of the hardware adapter do not occur with SwiftShader.
const isHealthy = /adapter/.test(fault) && args.includes('--use-webgpu-adapter=swiftshader');

if (args.includes('--version')) spawn(chrome, args, { stdio: 'inherit' });
else if (fault === 'never answers') setInterval(() => {}, 60_000);
else start(isHealthy ? 'none' : fault);

function start(fault) {
  // Chrome reads commands from its descriptor 3 and answers on 4: JSON, with a zero byte after each.
  const child = spawn(chrome, args, { stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'pipe'] });
  const [commands, answers] = [new Socket({ fd: 3 }), new Socket({ fd: 4 })];
  child.on('exit', (code) => process.exit(code ?? 1));
  const ownIds = 1_000_000_000;
  let ids = ownIds;
  let isSilent = false;
  const send = (message) => child.stdio[3].write(`${JSON.stringify(message)}\0`);
  messages(commands, (message) => {
    if (isSilent || message.method === lost[fault]) return;
    send(message);
    if (message.method === 'Page.enable' && fault in scripts) {
      const params = { source: scripts[fault] };
      send({ id: ids++, sessionId: message.sessionId, method: 'Page.addScriptToEvaluateOnNewDocument', params });
    }
    if (!JSON.stringify(message.params ?? '').includes('"fit"')) return;
    if (fault === 'falls silent in fit') isSilent = true;
    if (fault === 'ends in fit') child.kill('SIGKILL');
  });
  commands.on('end', () => child.stdio[3].end());
  messages(child.stdio[4], (message) => {
    if (!isSilent && !(message.id >= ownIds)) answers.write(`${JSON.stringify(message)}\0`);
  });
}

function messages(stream, take) {
  let parts = [];
  stream
    .on('error', () => {})
    .on('data', (data) => {
      for (let end = data.indexOf(0); end >= 0; end = data.indexOf(0)) {
        parts.push(data.subarray(0, end));
        take(JSON.parse(Buffer.concat(parts).toString()));
        parts = [];
        data = data.subarray(end + 1);
      }
      if (data.length > 0) parts.push(data);
    });
}
