/** Creates a POSIX tar archive (ustar) with links, and with long paths in pax or GNU format. */
export function tarOf(
  files: Readonly<Record<string, Uint8Array>>,
  links: readonly [path: string, type: '1' | '2'][] = [],
  long: 'x' | 'L' = 'x',
): Uint8Array<ArrayBuffer> {
  const blocks: Uint8Array[] = [];
  const entry = (path: string, content: Uint8Array, type: string) => {
    const header = new Uint8Array(512);
    const put = (at: number, text: string) => header.set(new TextEncoder().encode(text).subarray(0, 512 - at), at);
    put(0, path.slice(0, 100));
    put(100, '0000644\0');
    put(124, `${content.length.toString(8).padStart(11, '0')}\0`);
    put(148, ' '.repeat(8));
    put(156, type);
    put(257, 'ustar\x0000');
    const sum = header.reduce((sum, byte) => sum + byte, 0);
    put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
    blocks.push(header, content, new Uint8Array((512 - (content.length % 512)) % 512));
  };
  for (const [path, content] of Object.entries(files)) {
    if (path.length > 100 && long === 'L') entry('././@LongLink', new TextEncoder().encode(`${path}\0`), 'L');
    if (path.length > 100 && long === 'x') {
      const line = ` path=${path}\n`;
      const length = line.length + String(line.length + 3).length;
      entry('PaxHeaders', new TextEncoder().encode(`${length}${line}`), 'x');
    }
    entry(path, content, '0');
  }
  for (const [path, type] of links) entry(path, new Uint8Array(), type);
  blocks.push(new Uint8Array(1024));
  const whole = new Uint8Array(blocks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const block of blocks) {
    whole.set(block, at);
    at += block.length;
  }
  return whole;
}
