/** The browser that shows the page, as far as it identifies itself; it determines the advice on enabling WebGPU. */

export interface Browser {
  name: 'Chrome' | 'Edge' | 'Firefox' | 'Safari' | 'another browser';
  version?: number;
  system: 'Linux' | 'Windows' | 'macOS' | 'ChromeOS' | 'Android' | 'iOS' | 'another system';
}

/** Parses `navigator.userAgent`: the newer `userAgentData` is missing in the browsers that most need the distinction. */
export function browserOf(userAgent: string): Browser {
  const systems: [RegExp, Browser['system']][] = [
    [/Android/, 'Android'],
    [/iPhone|iPad/, 'iOS'],
    [/CrOS/, 'ChromeOS'],
    [/Windows/, 'Windows'],
    [/Mac OS X/, 'macOS'],
    [/Linux/, 'Linux'],
  ];
  // The order matters: Edge's string also contains Chrome, and Chrome's contains Safari.
  const browsers: [RegExp, Browser['name']][] = [
    [/Firefox\/(\d+)|FxiOS\/(\d+)/, 'Firefox'],
    [/Edg\w*\/(\d+)/, 'Edge'],
    [/Chrome\/(\d+)|CriOS\/(\d+)/, 'Chrome'],
    [/Version\/(\d+).* Safari\//, 'Safari'],
  ];
  const system = systems.find(([pattern]) => pattern.test(userAgent))?.[1] ?? 'another system';
  for (const [pattern, name] of browsers) {
    const version = pattern.exec(userAgent)?.slice(1).find(Boolean);
    if (version) return { name, version: Number(version), system };
  }
  return { name: 'another browser', system };
}

const chromeInstead = 'Or open this page in Chrome or Edge, version 113 or later.';

/**
 * Firefox has WebGPU since 141 on Windows and since 145 on macOS 26 with Apple silicon; on other systems it has to be enabled in
 * the settings.
 */
function waysInFirefox(version = 0, system: Browser['system']): string[] {
  const first = system === 'Windows' ? 141 : system === 'macOS' ? 145 : undefined;
  const update = first !== undefined && version < first;
  return [
    ...(update ? [`Update Firefox: this is version ${version}, and WebGPU came with ${first} on ${system}.`] : []),
    'In `about:config`, set `dom.webgpu.enabled` and `gfx.webgpu.ignore-blocklist` to true, and load this page again.',
  ];
}

/** Ways to get WebGPU, most likely first. A text in backquotes is to be typed. */
export function waysToWebGpu({ name, version, system }: Browser, secure: boolean): string[] {
  const ways: string[] = [];
  if (!secure) ways.push('Open this page over https or on localhost. Browsers hide WebGPU from other pages.');
  if (system === 'iOS') {
    ways.push(
      'Update to iOS 26 or later. All browsers on iOS use the engine of Safari, which supports WebGPU since then.',
      'Or open this page in Chrome on a computer.',
    );
    return ways;
  }
  if (name === 'Firefox') {
    ways.push(...waysInFirefox(version, system), chromeInstead);
    return ways;
  }
  if (name === 'Safari') {
    ways.push(
      version !== undefined && version >= 26
        ? 'Update macOS to version 26 (Tahoe) or later: Safari supports WebGPU from that version on.'
        : 'Update to Safari 26 on macOS 26 (Tahoe) or later, which has WebGPU.',
      chromeInstead,
    );
    return ways;
  }
  if (name !== 'Chrome' && name !== 'Edge') {
    ways.push(chromeInstead);
    return ways;
  }
  const [program, pages] = name === 'Edge' ? ['microsoft-edge', 'edge'] : ['google-chrome', 'chrome'];
  if (version !== undefined && version < 113) {
    ways.push(`Update ${name}: this is version ${version}, and WebGPU came with 113.`);
  }
  if (system === 'Linux') {
    ways.push(
      `With a GPU, close ${name} and start it again with \`${program} --enable-unsafe-webgpu --enable-features=Vulkan --ignore-gpu-blocklist\`.`,
      `Without one, \`${program} --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader\` computes on the CPU.`,
      'In a clone of wgrad, `npm run dev` opens this page in a Chrome with the right flags for this machine.',
    );
  } else if (system === 'Android') {
    ways.push('Update Chrome and Android: WebGPU needs Android 12 and a Qualcomm or ARM GPU.');
  } else {
    ways.push(
      `In \`${pages}://settings/system\`, switch on “Use graphics acceleration when available”, and start the browser again.`,
      'Update the driver of the GPU.',
    );
  }
  ways.push(`\`${pages}://gpu\` shows what the browser knows about this machine's GPU.`);
  return ways;
}
