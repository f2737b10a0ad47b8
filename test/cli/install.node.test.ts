import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { findChrome } from '../../src/cli/find_chrome.ts';
import { call, program, run, temporaryFolder } from './wgrad.ts';

/** Uses a single image, sampled once, so the command ends as soon as Chrome has run. */
const sheet = ['sheet', '--dataset', 'digits', '--images', '1', '--draws', '1', '--adapter', 'software', '--out'];
const question = /Install the Debian package chromium \(about \d+ MB to download\) with (sudo -n )?apt-get\? \[y\/N\]/;

describe.skipIf(process.platform !== 'linux')('a machine without Chrome, on which apt-get needs no password', () => {
  let chrome: string;
  let out: string;
  let calls: string;
  beforeAll(async () => {
    chrome = (await findChrome()) as string;
    await run('--version'); // Builds the command, which needs the real PATH.
  });
  beforeEach(() => {
    const folder = temporaryFolder();
    const programs = join(folder, 'bin');
    mkdirSync(programs);
    const script = (name: string, text: string) => {
      writeFileSync(join(programs, name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(programs, name), 0o755);
    };
    out = join(folder, 'sheet.png');
    calls = join(folder, 'calls');
    // An apt-get that records its arguments, and whose chromium is the real one.
    const real = `#!/bin/sh\\nPATH=/usr/bin:/bin exec "${chrome}" "$@"\\n`;
    script(
      'apt-get',
      [
        `echo "$*" >> ${calls}`,
        `case "$*" in *"install -y"*)`,
        `  printf '${real}' > ${programs}/chromium && /bin/chmod +x ${programs}/chromium;;`,
        'esac',
      ].join('\n'),
    );
    script('sudo', `[ "$1" = -n ] && shift && exec "$@"`);
    script('true', '');
    vi.stubEnv('PATH', programs);
    // Downloading one is impossible, too.
    for (const name of ['HTTPS_PROXY', 'https_proxy']) vi.stubEnv(name, 'http://127.0.0.1:9');
    vi.stubEnv('PUPPETEER_CACHE_DIR', join(folder, 'cache'));
    for (const name of ['PUPPETEER_EXECUTABLE_PATH', 'CHROME_PATH', 'CHROME_BIN']) vi.stubEnv(name, undefined);
    return () => void vi.unstubAllEnvs();
  });

  const installed = () => existsSync(calls) && readFileSync(calls, 'utf8').includes('install -y');

  test('without a terminal, nothing is installed: exit code 3, and the command to type', async () => {
    const { code, stderr } = await run(...sheet, out);
    expect(stderr).toMatch(
      /There is no Chrome.*\n[\s\S]*add --yes [\s\S]*sudo apt-get update && sudo apt-get install chromium/,
    );
    expect({ code, installed: installed() }).toEqual({ code: 3, installed: false });
  });

  test('with --yes it is installed and used, with a message', async () => {
    const { code, stderr } = await run(...sheet, out, '--yes');
    expect(stderr).toMatch(/Installing the Debian package chromium, about \d+ MB to download, because of --yes\./);
    expect({ code, installed: installed(), written: existsSync(out) }).toEqual({
      code: 0,
      installed: true,
      written: true,
    });
  });

  describe.skipIf(!existsSync('/usr/bin/script'))('asks at a terminal', () => {
    /** Types an answer as soon as the question appears. `script` provides the command with a terminal, and returns its output. */
    async function answer(text: string): Promise<{ code: number | null; shown: string }> {
      const typed = [process.execPath, program, ...sheet, out].map((word) => `'${word}'`).join(' ');
      const child = spawn('/usr/bin/script', ['-qec', typed, '/dev/null'], {
        stdio: ['pipe', 'pipe', 'inherit'],
        env: { ...process.env, SHELL: '/bin/sh' },
      });
      let shown = '';
      let answered = false;
      child.stdout.on('data', (data) => {
        shown += data;
        if (answered || !question.test(shown)) return;
        answered = true;
        child.stdin.write(text);
      });
      const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
      return { code, shown };
    }

    test('no', async () => {
      const { code, shown } = await answer('\n');
      expect(shown).toMatch(question);
      expect(shown).toMatch(/There is no Chrome/);
      expect({ code, installed: installed() }).toEqual({ code: 3, installed: false });
    });

    test('yes', async () => {
      const { code, shown } = await answer('y\n');
      expect({ code, installed: installed(), written: existsSync(out) }, shown).toEqual({
        ...{ code: 0, installed: true, written: true },
      });
    });

    test.each([
      ['Ctrl-C', '\x03', 130],
      ['the end of the input', '\x04', 3],
    ])('%s means no', async (_, key, exit) => {
      const { code } = await answer(key);
      expect({ code, installed: installed() }).toEqual({ code: exit, installed: false });
    });
  });

  test.skipIf(existsSync('/usr/share/datasets/fashion-mnist'))('Fashion-MNIST asks, too', async () => {
    for (const args of [
      ['data', 'get', 'fashion-mnist'],
      ['data', 'inspect', 'fashion-mnist'],
      ['train', '--dataset', 'fashion-mnist'],
    ]) {
      const { code, stderr } = await call(...args);
      expect(stderr, args.join(' ')).toMatch(/fashion-mnist is not on this machine[\s\S]*add --yes /);
      expect({ code, installed: installed() }).toEqual({ code: 2, installed: false });
    }
    // This apt-get installs nothing, as the message shows; the test only requires that it was called.
    await call('data', 'get', 'fashion-mnist', '--yes');
    expect(readFileSync(calls, 'utf8')).toMatch(/install -y --no-install-recommends dataset-fashion-mnist/);
  });
});

test("the project's own scripts answer yes for the user", () => {
  const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  for (const name of ['train', 'compare', 'dev', 'profile', 'sheet', 'bench', 'screenshots']) {
    expect(scripts[name], name).toMatch(/ --yes$/);
  }
});
