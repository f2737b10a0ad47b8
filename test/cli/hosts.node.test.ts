import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, relative } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { pagesOf } from '../../src/cli/chrome.ts';
import { fasterOnCpu, hostOfResumed } from '../../src/cli/hosts/choose_host.ts';
import { endWithThisProcess, findFirefox, versionOf } from '../../src/cli/hosts/firefox.ts';
import { hostOfVersion } from '../../src/cli/hosts/host_names.ts';
import { findProgram, programAdvice } from '../../src/cli/hosts/host_programs.ts';
import { secondsOfGroup } from '../../src/cli/hosts/process_time.ts';
import { driverTitle } from '../../src/cli/hosts/vulkan_drivers.ts';
import LocalWebSocket from '../../src/cli/hosts/web_socket.ts';
import { numberOrJson } from '../../src/cli/values.ts';
import { parseRun } from '../../src/formats/run_file.ts';
import type { TuneResult } from '../../src/index.ts';
import { processesWith } from './processes.ts';
import { call, type Ended, program, run, startIn, temporaryFolder } from './wgrad.ts';

/** Replaces environment variables while `work` runs. */
async function within<T>(variables: Record<string, string>, work: () => T | Promise<T>): Promise<T> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    return await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/** Creates a folder with a shell script. */
function withProgram(name: string, content: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, name), `#!/bin/sh\n${content}\n`, { mode: 0o755 });
  return folder;
}

/** Runs the command in a folder. */
function runIn(cwd: string, ...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended: Ended = { code: 0, stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (data) => {
      ended[name] += data;
    });
  }
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...ended, code })));
}

describe('a host that is not available', () => {
  const train = ['train', '--dataset', 'digits'];

  test.each([
    ['is unknown', [...train, '--host', 'dawm'], 2, ['--host', '"dawm"', 'did you mean "dawn"']],
    ['is a browser', [...train, '--browser', 'firefix'], 2, ['--browser', 'did you mean "firefox"']],
    ['is named twice', [...train, '--host', 'deno', '--browser', 'firefox'], 2, ['leave one of them out']],
    ['has no canvas', ['sheet', '--host', 'deno'], 2, ['needs a browser', 'canvas', '--browser']],
    ['has no decoder', ['predict', 'a.wgrad', 'a.png', '--host', 'dawn'], 2, ['needs a browser', 'decodes']],
  ] as const)('%s', async (_, args, code, words) => {
    const ended = await call(...args);
    expect(ended.code).toBe(code);
    for (const word of words) expect(ended.stderr).toContain(word);
  });

  test('FIREFOX_PATH is not a file', async () => {
    const { code, stderr } = await within({ FIREFOX_PATH: '/nowhere/firefox' }, () =>
      call(...train, '--browser', 'firefox'),
    );
    expect(code).toBe(2);
    expect(stderr).toContain('FIREFOX_PATH is not the path of a file');
  });

  test('a program that is not Firefox', async () => {
    const { code, stderr } = await within({ FIREFOX_PATH: '/bin/false' }, () => call(...train, '--browser', 'firefox'));
    expect(code).toBe(3);
    expect(stderr).toContain('Firefox could not be started');
    expect(stderr).toContain('/bin/false');
  });

  test.skipIf(findProgram('dawn'))('a package that is not installed', async () => {
    const { code, stderr } = await call('selftest', '--host', 'dawn', '--adapter', 'software');
    expect(code).toBe(3);
    expect(stderr).toContain('needs the npm package webgpu');
    expect(stderr).toContain('npm install --no-save --save-prod webgpu');
  });

  test('Deno is not installed', async ({ skip }) => {
    const { code, stderr } = await within({ PATH: '/nowhere' }, async () => {
      skip(findProgram('deno') !== undefined, 'the npm package deno is installed here');
      return call('selftest', '--host', 'deno');
    });
    expect(code).toBe(3);
    expect(stderr).toContain('npm install --no-save --save-prod deno');
  });

  test('the advice works where the command was started', () => {
    const folder = temporaryFolder();
    expect(programAdvice('dawn', folder)).toBe('npm install webgpu');
    writeFileSync(join(folder, 'package.json'), '{ "name": "app" }');
    expect(programAdvice('deno', folder)).toBe('npm install deno');
    // In a clone, npm installs no optional peer dependency without --save-prod, and --no-save keeps package.json as it is.
    expect(programAdvice('deno', process.cwd())).toBe('npm install --no-save --save-prod deno');
  });
});

describe('a host process', () => {
  /** Creates a folder with a package webgpu whose `create` is the given code. */
  function withBindings(create: string): string {
    const folder = temporaryFolder();
    const bindings = join(folder, 'node_modules/webgpu');
    mkdirSync(bindings, { recursive: true });
    writeFileSync(
      join(bindings, 'package.json'),
      '{"name":"webgpu","version":"0.0.1","type":"module","main":"index.js"}',
    );
    writeFileSync(join(bindings, 'index.js'), `export const globals = {}; export const create = () => (${create});`);
    return folder;
  }
  const selftest = ['selftest', '--host', 'dawn', '--adapter', 'software'];

  // Lines that are no messages, and a process of its own that keeps its stdout open.
  const talks = `process.stdout.write('a driver says hello\\n\\nnull\\n42\\n');`;
  const leavesSleep = `(await import('node:child_process')).spawn('sleep', ['100000'], { stdio: 'inherit' });`;

  describe.runIf(process.platform === 'linux')('with a Vulkan driver that is not on this machine', () => {
    const lists = `/nowhere/a_icd.json`;
    test.each([
      ['VK_ICD_FILENAMES', { VK_DRIVER_FILES: '', VK_ICD_FILENAMES: lists }],
      ['VK_DRIVER_FILES', { VK_DRIVER_FILES: `${process.execPath}:${lists}`, VK_ICD_FILENAMES: process.execPath }],
    ])('named in %s', async (name, variables) => {
      const folder = withBindings('{ requestAdapter: () => process.exit(7) }');
      for (const kind of ['software', 'hardware']) {
        const { code, stderr } = await within(variables, () =>
          runIn(folder, 'selftest', '--host', 'dawn', '--adapter', kind),
        );
        expect(code).toBe(3);
        expect(stderr).toContain(`The environment variable ${name} names a Vulkan driver that is not on this machine`);
        expect(stderr).toContain('found: "/nowhere/a_icd.json"');
        expect(stderr).toContain('apt-get install mesa-vulkan-drivers');
      }
    });

    test('Deno does not fall back on another interface than Vulkan', async () => {
      const folder = withProgram('deno', 'echo "only $DENO_WEBGPU_BACKEND, $VK_ICD_FILENAMES" >&2; exit 7');
      const variables = { PATH: `${folder}:${process.env.PATH}`, VK_DRIVER_FILES: process.execPath };
      const { stderr } = await within(variables, () =>
        runIn(folder, 'selftest', '--host', 'deno', '--adapter', 'software'),
      );
      expect(stderr).toContain(`only vulkan, ${process.execPath}`);
    });
  });

  test('a process without an adapter, and one that ends', async () => {
    const [none, gone] = await Promise.all([
      runIn(withBindings(`{ requestAdapter: async () => { ${talks} ${leavesSleep} return null; } }`), ...selftest),
      runIn(withBindings('{ requestAdapter: () => process.exit(7) }'), ...selftest),
    ]);
    expect(none.code).toBe(3);
    expect(none.stderr).toContain('but no adapter');
    expect(none.stderr).toContain('tried dawn/0.0.1 with');
    expect(none.stderr).toContain('install a driver for the CPU');
    expect(gone.code).toBe(3);
    expect(gone.stderr).toContain('Dawn for Node ended');
    expect(gone.stderr).toContain('with code 7');
  });

  test('the process ends with the command', async () => {
    const folder = withBindings('{ requestAdapter: () => new Promise(() => setInterval(() => {}, 1000)) }');
    const mark = `WGRAD_TEST_HOST=${folder}`;
    const child = spawn(process.execPath, [program, ...selftest], {
      cwd: folder,
      env: { ...process.env, WGRAD_TEST_HOST: folder },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    await expect.poll(() => processesWith(mark).length, { timeout: 200_000 }).toBe(2);
    child.kill('SIGKILL');
    await ended;
    await expect.poll(() => processesWith(mark), { timeout: 200_000 }).toEqual([]);
  });
});

test.runIf(process.platform === 'linux')(
  'the browser that is faster on the CPU is used if it is installed, with the reason',
  async () => {
    const folder = withProgram('firefox', 'echo Mozilla Firefox 199.1');
    const chosen = (PATH: string, llvmpipe: string | undefined, chrome?: string) =>
      within({ PATH, FIREFOX_PATH: '' }, () => fasterOnCpu(chrome, async () => llvmpipe));
    const driver = '/usr/share/vulkan/icd.d/lvp_icd.json';
    const fast = await chosen(folder, driver);
    expect(fast.host).toBe('firefox');
    expect(fast.why).toContain('Firefox 199.1 on llvmpipe');
    const noDriver = await chosen(folder, undefined);
    expect(noDriver.host).toBe('chrome');
    expect(noDriver.why).toContain('llvmpipe is not installed');
    const noFirefox = await chosen('/nowhere', driver);
    expect(noFirefox.host).toBe('chrome');
    expect(noFirefox.why).toContain('Firefox is not installed');
    const named = await chosen(folder, driver, '/usr/bin/chromium');
    expect(named.host).toBe('chrome');
    expect(named.why).toContain('--chrome names it');
  },
);

test.runIf(process.platform === 'linux')('a program that does not print its version ends the wait', () => {
  const path = (content: string) => join(withProgram('slow', content), 'slow');
  expect(versionOf(path('echo slow 1.2.3'))).toBe('1.2.3');
  expect(versionOf(path('exec sleep 100000'), 1)).toBe('');
});

test('a browser that does not list its pages ends the wait', async () => {
  const pages = () => new Promise<never>(() => {});
  await expect(pagesOf({ pages }, 1, 'Firefox')).rejects.toThrow("Firefox did not open wgrad's page");
});

test.runIf(process.platform === 'linux')(
  'the process that watches over Firefox ends together with Firefox',
  async () => {
    const mark = temporaryFolder();
    const of = (name: string) => processesWith(`WGRAD_TEST_WATCHER=${name}${mark}`);
    const start = (name: string, work: () => void) => within({ WGRAD_TEST_WATCHER: `${name}${mark}` }, work);
    const firefox = spawn('sleep', ['100000'], { stdio: 'ignore', detached: true });
    await start('watcher', () => endWithThisProcess(firefox));
    await expect.poll(() => of('watcher').length, { timeout: 60_000 }).toBe(1);
    firefox.kill('SIGKILL');
    await expect.poll(() => of('watcher'), { timeout: 60_000 }).toEqual([]);
    await start('late', () => endWithThisProcess(firefox));
    await expect.poll(() => of('late'), { timeout: 60_000 }).toEqual([]);
  },
);

test('a learning rate is a number, JSON, or a file of any name', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, '1.rate'), '{"schedule":"cosineDecay"}');
  const rate = numberOrJson('--learning-rate', { min: 0 });
  const file = relative(process.cwd(), join(folder, '1.rate'));
  expect(file).toMatch(/^\./);
  expect([rate('1e-3'), rate(file), rate('{"a":1}')]).toEqual([0.001, { schedule: 'cosineDecay' }, { a: 1 }]);
  expect(() => rate('-1')).toThrow('--learning-rate has an invalid value');
  expect(() => rate('./none.json')).toThrow('or a JSON object');
});

test('a resumed run uses the host in which it was trained', () => {
  const said: string[] = [];
  const resumed = (typed: Parameters<typeof hostOfResumed>[0], before?: string) =>
    hostOfResumed(typed, before, (line) => said.push(line));
  expect(resumed({}, 'firefox')).toBe('firefox');
  expect(resumed({ browser: 'auto' }, 'deno')).toBe('deno');
  expect(resumed({})).toBe('chrome');
  expect(said).toEqual([]);
  expect(resumed({ browser: 'chrome' }, 'firefox')).toBe('chrome');
  expect(said).toEqual([expect.stringContaining('trained in Firefox')]);
});

test('names of hosts and drivers', () => {
  expect(['Chrome/156.0.1', 'firefox/153.0', 'dawn/0.6.2', 'node/20'].map(hostOfVersion)).toEqual([
    'chrome',
    'firefox',
    'dawn',
    undefined,
  ]);
  expect(driverTitle('/usr/share/vulkan/icd.d/lvp_icd.x86_64.json')).toBe('llvmpipe');
  expect(driverTitle('/usr/lib/chromium/vk_swiftshader_icd.json')).toBe('SwiftShader');
  expect(driverTitle('/etc/vulkan/icd.d/nvidia_icd.json')).toBe('nvidia_icd.json');
});

test.runIf(process.platform === 'linux')('the processor time of a group of processes', async () => {
  const child = spawn(process.execPath, ['-e', 'for (;;);'], { detached: true, stdio: 'ignore' });
  try {
    await expect.poll(() => secondsOfGroup(child.pid!), { timeout: 60_000 }).toBeGreaterThan(0.1);
  } finally {
    process.kill(-child.pid!, 'SIGKILL');
  }
  await expect.poll(() => secondsOfGroup(child.pid!), { timeout: 60_000 }).toBeUndefined();
});

describe('a web socket', () => {
  /** A frame from a server, which does not mask it. */
  function frame(opcode: number, data: Buffer, isLast = true): Buffer {
    const { length } = data;
    const head = length < 126 ? Buffer.alloc(2) : length < 65536 ? Buffer.alloc(4) : Buffer.alloc(10);
    head[0] = (isLast ? 128 : 0) | opcode;
    head[1] = length < 126 ? length : length < 65536 ? 126 : 127;
    if (head.length === 4) head.writeUInt16BE(length, 2);
    if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
    return Buffer.concat([head, data]);
  }

  test('exchanges messages of any length, fragmented and in chunks', async () => {
    const sent: string[] = [];
    const lengths = [0, 5, 125, 126, 65535, 65536, 300_000];
    const server = createServer().listen(0, '127.0.0.1');
    server.on('upgrade', (request, socket) => {
      const accept = createHash('sha1')
        .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      socket.on('end', () => socket.end());
      let received = Buffer.alloc(0);
      socket.on('data', (data: Buffer) => {
        received = Buffer.concat([received, data]);
        for (;;) {
          const short = (received[1] ?? 0) & 127;
          const at = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
          if (received.length < at + 4) return;
          const length =
            short === 126 ? received.readUInt16BE(2) : short === 127 ? Number(received.readBigUInt64BE(2)) : short;
          if (received.length < at + 4 + length) return;
          const mask = received.subarray(at, at + 4);
          const content = Buffer.from(received.subarray(at + 4, at + 4 + length).map((byte, i) => byte ^ mask[i & 3]!));
          const opcode = received[0]! & 15;
          received = received.subarray(at + 4 + length);
          if (opcode === 10) sent.push(`pong ${content}`);
          if (opcode !== 1) continue;
          sent.push(content.toString());
          // The message returns in three parts with a ping in between, and the network splits it anywhere.
          const [a, b] = [Math.floor(length / 3), Math.floor((2 * length) / 3)];
          const whole = Buffer.concat([
            frame(1, content.subarray(0, a), false),
            frame(9, Buffer.from('there?')),
            frame(0, content.subarray(a, b), false),
            frame(0, content.subarray(b)),
          ]);
          for (let i = 0; i < whole.length; i += 7919) socket.write(whole.subarray(i, i + 7919));
        }
      });
    });
    await new Promise((resolve) => server.once('listening', resolve));
    const client = new LocalWebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/session`);
    const messages: string[] = [];
    client.addEventListener('message', (event) => messages.push((event as MessageEvent<string>).data));
    await new Promise((resolve) => client.addEventListener('open', resolve));
    const texts = lengths.map((length) => 'é'.repeat(length / 2).padEnd(length / 2 + (length % 2), 'x'));
    for (const text of texts) client.send(text);
    await expect.poll(() => messages.length, { timeout: 60_000 }).toBe(texts.length);
    expect(messages).toEqual(texts);
    await expect.poll(() => sent.length, { timeout: 60_000 }).toBe(2 * texts.length);
    expect(sent.filter((text) => text === 'pong there?')).toHaveLength(texts.length);
    const closed = new Promise((resolve) => client.addEventListener('close', resolve));
    client.close();
    await closed;
    server.close();
  });

  test('copies a long message a fixed number of times, however many chunks it arrives in', async () => {
    const text = 'x'.repeat(2 ** 22);
    const whole = frame(1, Buffer.from(text));
    const server = createServer().listen(0, '127.0.0.1');
    server.on('upgrade', (_, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
      for (let i = 0; i < whole.length; i += 65536) socket.write(whole.subarray(i, i + 65536));
    });
    await new Promise((resolve) => server.once('listening', resolve));
    const concat = vi.spyOn(Buffer, 'concat');
    try {
      const client = new LocalWebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/session`);
      const message = await new Promise<string>((resolve) =>
        client.addEventListener('message', (event) => resolve((event as MessageEvent<string>).data)),
      );
      expect(message === text).toBe(true);
      const copied = concat.mock.results.reduce((sum, { value }) => sum + (value as Buffer).length, 0);
      expect(copied).toBeLessThan(4 * whole.length);
      client.close();
    } finally {
      concat.mockRestore();
      server.closeAllConnections();
      server.close();
    }
  });

  test('reports if nothing is listening', async () => {
    const client = new LocalWebSocket('ws://127.0.0.1:9/');
    await new Promise((resolve) => client.addEventListener('error', resolve));
  });
});

describe.runIf(findFirefox())('in Firefox', () => {
  const training = [
    'train',
    '--dataset',
    'digits',
    '--train-samples',
    '96',
    '--test-samples',
    '32',
    '--augment',
    'none',
  ];

  test('a run is trained, saved and resumed', async () => {
    const file = join(temporaryFolder(), 'run.wgrad');
    const first = await run(
      ...training,
      '--adapter',
      'software',
      '--browser',
      'firefox',
      '--epochs',
      '1',
      '--save',
      file,
    );
    expect(first.stderr).not.toContain('error');
    expect(first.code).toBe(0);
    expect(first.stdout).toContain(`firefox  firefox/${versionOf(findFirefox()!)}`);
    expect(parseRun(readFileSync(file)).host).toMatchObject({ name: 'firefox' });
    const resumed = startIn({ WGRAD_TEST_FIREFOX: file }, 'train', '--resume', file, '--epochs', '100000');
    await resumed.says('epoch 2/');
    expect(await resumed.says('firefox  ')).toContain('adapter  software adapter');
    // Even if it is killed, the command leaves no Firefox running.
    resumed.child.kill('SIGKILL');
    await resumed.ended;
    await expect.poll(() => processesWith(`WGRAD_TEST_FIREFOX=${file}`), { timeout: 60_000 }).toEqual([]);
  });

  test('results arrive completely, however deeply they are nested', async () => {
    const [file, cache] = [join(temporaryFolder(), 'tuning.json'), temporaryFolder()];
    const model =
      '{"inputShape":[8,8,1],"layers":[{"type":"flatten"},{"type":"dense","units":10,"activation":"softmax"}]}';
    const { code, stderr } = await within({ WGRAD_DATA_DIR: cache }, () =>
      run(
        'tune',
        '--browser',
        'firefox',
        '--adapter',
        'software',
        '--dataset',
        'digits',
        '--model',
        model,
        '--json',
        file,
      ),
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { kernels } = JSON.parse(readFileSync(file, 'utf8')).tuning as TuneResult;
    expect(kernels.length).toBeGreaterThan(0);
    for (const { chosen, timings } of kernels) {
      expect(typeof chosen.subgroups).toBe('boolean');
      for (const { variant } of timings) expect(typeof variant.subgroups).toBe('boolean');
    }
  });
});
