import type { AdapterFacts } from './device.ts';

/** Describes an adapter for users. A software adapter is named as such, so that it is not mistaken for a GPU. */
export function describeAdapter({ vendor, architecture, device, description, software }: AdapterFacts): string {
  const maker = [vendor, architecture].filter(Boolean).join(' ');
  const name = description || device || maker || 'unnamed';
  if (software) return `software adapter ${plainName(name)}: runs on the CPU, this is not a GPU`;
  return description && maker ? `${name} (${maker})` : name;
}

/** Replaces Chrome's description of its software adapter, which consists of component names that mean nothing to users. */
function plainName(name: string): string {
  return /swiftshader/i.test(name) ? 'SwiftShader' : name;
}
