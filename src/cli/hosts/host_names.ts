/** The host that the command trains in: a browser page, or a process of a program with WebGPU but without pages. */
export type HostName = (typeof hostNames)[number];

export const browserNames = ['chrome', 'firefox'] as const;
export type BrowserName = (typeof browserNames)[number];

export const processNames = ['dawn', 'deno'] as const;
export type ProcessName = (typeof processNames)[number];

export const hostNames = [...browserNames, ...processNames] as const;

/** Display names of the hosts. */
export const hostTitles: Record<HostName, string> = {
  chrome: 'Chrome',
  firefox: 'Firefox',
  dawn: 'Dawn for Node',
  deno: 'Deno',
};

export const isProcess = (host: HostName): host is ProcessName => (processNames as readonly string[]).includes(host);

/** The host of a version string: `Chrome/156.0.8078.79`, `firefox/153.0`, `dawn/0.6.2`. */
export const hostOfVersion = (version: string): HostName | undefined =>
  hostNames.find((name) => version.toLowerCase().startsWith(`${name}/`));

/** The first line of a command's report: "chrome   Chrome/156.0.8078.79". */
export const hostLine = (host: HostName, version: string): string => `${host.padEnd(8)} ${version}`;
