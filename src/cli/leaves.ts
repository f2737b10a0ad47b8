/** Every leaf of plain data as JSON, by its path: `a.augmentation.rotationRange`. */
export function leavesOf(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    for (const [name, part] of Object.entries(value)) leavesOf(part, path ? `${path}.${name}` : name, into);
  } else if (value !== undefined) into.set(path, JSON.stringify(value));
  return into;
}
