/** Replaces parts of a library's code, and ends the build if one of them is not in it. */
export function replaceParts(
  build: { error(message: string): never },
  code: string,
  parts: readonly [part: RegExp, replacement: string][],
  library: string,
): string {
  return parts.reduce((text, [part, replacement]) => {
    const replaced = text.replace(part, replacement);
    if (replaced === text) build.error(`${library} has changed: ${part} is not in it`);
    return replaced;
  }, code);
}
