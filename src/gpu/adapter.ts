import type { AdapterFacts } from './device.ts';

/** Describes an adapter for users. A software adapter is named as such, so that it is not mistaken for a GPU. */
export function describeAdapter({ vendor, architecture, device, description, software }: AdapterFacts): string {
  const maker = [vendor, architecture].filter(Boolean).join(' ');
  const name = description || device || maker || 'unnamed';
  if (software) return `software adapter ${plainName(name)}: runs on the CPU, this is not a GPU`;
  return description && maker ? `${name} (${maker})` : name;
}

/** Chrome calls its software adapter by its parts' names. */
function plainName(name: string): string {
  return /swiftshader/i.test(name) ? 'SwiftShader' : name;
}
