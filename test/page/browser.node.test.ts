import { expect, test } from 'vitest';
import { browserOf, waysToWebGpu } from '../../src/page/app/browser.ts';

const agents = {
  chromeOnLinux:
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
  oldChromeOnWindows:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.0.0 Safari/537.36',
  edgeOnMac:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0',
  chromeOnAndroid:
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36',
  firefoxOnLinux: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  safariOnMac:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15',
  chromeOnIphone:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/123.0.6312.52 Mobile/15E148 Safari/604.1',
};

test('browsers are distinguished, although each claims to be the others', () => {
  const seen = Object.values(agents).map((agent) => Object.values(browserOf(agent)).join(' '));
  expect(seen).toEqual([
    'Chrome 156 Linux',
    'Chrome 109 Windows',
    'Edge 130 macOS',
    'Chrome 130 Android',
    'Firefox 140 Linux',
    'Safari 17 macOS',
    'Chrome 123 iOS',
  ]);
  expect(browserOf('curl/8')).toEqual({ name: 'another browser', system: 'another system' });
});

test('the advice is for this browser on this system', () => {
  const ways = (agent: keyof typeof agents, secure = true) => waysToWebGpu(browserOf(agents[agent]), secure).join('\n');
  expect(ways('chromeOnLinux')).toContain('`google-chrome --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader`');
  expect(ways('chromeOnLinux')).not.toContain('https');
  expect(ways('chromeOnLinux', false)).toContain('https');
  expect(ways('oldChromeOnWindows')).toContain('Update Chrome: this is version 109');
  expect(ways('oldChromeOnWindows')).toContain('graphics acceleration');
  expect(ways('edgeOnMac')).toContain('edge://settings/system');
  expect(ways('chromeOnAndroid')).toContain('Android 12');
  expect(ways('firefoxOnLinux')).toMatch(
    /^In `about:config`, set `dom\.webgpu\.enabled` and .*\nOr open this page in Chrome/,
  );
  const firefoxOn = (system: 'Windows' | 'macOS', version: number) =>
    waysToWebGpu({ name: 'Firefox', version, system }, true).join('\n');
  expect(firefoxOn('Windows', 140)).toContain('WebGPU came with 141 on Windows');
  expect(firefoxOn('macOS', 144)).toContain('WebGPU came with 145 on macOS');
  expect(firefoxOn('macOS', 145)).not.toContain('Update');
  expect(ways('safariOnMac')).toContain('Update to Safari 26');
  expect(ways('chromeOnIphone')).toMatch(/iOS 26[\s\S]*on a computer/);
});
