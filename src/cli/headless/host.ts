import type { FromHost, ToHost } from './host_messages.ts';
import type { Outcome } from './protocol.ts';

// Runs the page's script in a process without a page, in Node with Dawn's bindings or in Deno: it provides the globals that the
// script needs from a page, and receives calls as lines of JSON.
//
//   node headless_host.js <URL of the package webgpu> <options of Dawn> <URL of the server>
//   deno run -A --unstable-webgpu headless_host.js <URL of the server>

/** The part of Node's process object that both hosts have. */
interface Process {
  argv: string[];
  stdin: AsyncIterable<Uint8Array>;
  stdout: { write(text: string): void };
  exit(code: number): never;
}

type Call = (...args: readonly unknown[]) => Promise<Outcome<unknown>>;

const nodeProcess = 'node:process';
const { default: process } = (await import(/* @vite-ignore */ nodeProcess)) as { default: Process };
const given = process.argv.slice(2);
const base = given.at(-1)!;

// Standard output is reserved for the messages.
for (const name of ['log', 'info', 'debug'] as const) console[name] = console.error;
const send = (message: FromHost) => process.stdout.write(`${JSON.stringify(message)}\n`);

/** A global reference is kept, because Dawn's devices crash or stop answering once this object is garbage-collected. */
let gpu: unknown;
if (given.length > 1) {
  const { create, globals } = (await import(/* @vite-ignore */ given[0]!)) as {
    create(options: string[]): unknown;
    globals: object;
  };
  Object.assign(globalThis, globals);
  gpu = create(given.slice(1, -1));
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'Dawn' }, configurable: true });
}

const fetchAny = globalThis.fetch;
globalThis.fetch = (input, init) => fetchAny(typeof input === 'string' ? new URL(input, base) : input, init);
const events = ['wgradEvents', 'wgradKeep', 'wgradKeepTuning', 'wgradKeepPair'];
Object.assign(globalThis, {
  window: globalThis,
  ...Object.fromEntries(events.map((event) => [event, async (...args: readonly unknown[]) => send({ event, args })])),
});

await import('./main.ts');
const page = (globalThis as unknown as { wgrad: Record<string, Call> & { stop(): void } }).wgrad;
send({ ready: true });

const decoder = new TextDecoder();
let rest = '';
for await (const part of process.stdin) {
  const lines = (rest + decoder.decode(part, { stream: true })).split('\n');
  rest = lines.pop()!;
  for (const line of lines) {
    const message = JSON.parse(line) as ToHost;
    if ('stop' in message) page.stop();
    else page[message.name]!(...message.args).then((outcome) => send({ id: message.id, outcome }));
  }
}
// The command has closed the pipe, or has ended.
process.exit(0);
