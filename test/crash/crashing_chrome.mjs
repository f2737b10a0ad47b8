// A Chrome that fails in the middle of training, in another way each time that it is started again: a proxy between the command and a
// real Chrome, which forwards the pipe between them.
//   node crashing_chrome.mjs <plan> <file that counts the failures> <path of Chrome> <Chrome's arguments>
// The plan is JSON: [{ what, step }], where step is one that the page reports, or 0 for the call of fit or of a pair of twins.
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';

const [, , plan, file, chrome, ...args] = process.argv;
/** One line for each failure so far. */
const failures = existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
/** The next failure; after the last one there is none. */
const { what, step } = JSON.parse(plan)[failures] ?? { step: Infinity };

/** Keeps references to the page's devices, which are otherwise inaccessible. */
const rememberDevices = `{
  const request = GPUAdapter.prototype.requestDevice;
  globalThis.openDevices = [];
  GPUAdapter.prototype.requestDevice = async function (...options) {
    const device = await request.apply(this, options);
    openDevices.push(device);
    return device;
  };
}`;

if (args.includes('--version')) spawn(chrome, args, { stdio: 'inherit' });
else start();

function start() {
  // Chrome reads commands from its descriptor 3 and answers on 4: JSON, with a zero byte after each.
  const child = spawn(chrome, args, { stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'pipe'] });
  const [commands, answers] = [new Socket({ fd: 3 }), new Socket({ fd: 4 })];
  child.on('exit', (code) => process.exit(code ?? 1));
  child.stdio[3].on('error', () => {});
  const ownIds = 1_000_000_000;
  let ids = ownIds;
  let page;
  let isSet = false;
  const send = (message) => child.stdio[3].write(`${JSON.stringify(message)}\0`);
  const act = {
    'GPU process killed': () => send({ id: ids++, method: 'Browser.crashGpuProcess' }),
    'device destroyed': () => {
      const params = { expression: 'for (const device of openDevices) device.destroy()' };
      send({ id: ids++, sessionId: page, method: 'Runtime.evaluate', params });
    },
    'page crashed': () => send({ id: ids++, sessionId: page, method: 'Page.crash' }),
    'Chrome killed': () => child.kill('SIGKILL'),
  }[what];
  const happen = () => {
    if (isSet) return;
    isSet = true;
    appendFileSync(file, `${what}\n`);
    act();
  };
  messages(commands, (message) => {
    send(message);
    if (message.method === 'Page.enable') {
      page = message.sessionId;
      const params = { source: rememberDevices };
      send({ id: ids++, sessionId: page, method: 'Page.addScriptToEvaluateOnNewDocument', params });
    }
    if (step === 0 && /"(fit|trainPair)"/.test(JSON.stringify(message.params ?? ''))) happen();
  });
  commands.on('end', () => child.stdio[3].end());
  messages(child.stdio[4], (message) => {
    if (step > 0 && message.method === 'Runtime.bindingCalled') {
      const steps = [...String(message.params.payload).matchAll(/"step":(\d+)/g)].map(([, text]) => Number(text));
      if (Math.max(0, ...steps) >= step) happen();
    }
    if (!(message.id >= ownIds)) answers.write(`${JSON.stringify(message)}\0`);
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
