import { gzipSync } from 'node:zlib';
import { strToU8, type Zippable, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { openGzip } from '../../src/data/archives/gzip_file.ts';
import { filesInTar } from '../../src/data/archives/tar.ts';
import { DataError, readUserFiles } from '../../src/index.ts';
import { tarOf } from './made_archives.ts';
import { mnistLike, placed } from './made_files.ts';

type Bytes = Uint8Array<ArrayBuffer>;
const zip = (files: Zippable) => zipSync(files) as Bytes;
const gz = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes, { level: 1 }));

async function failure(files: Record<string, BlobPart>): Promise<string> {
  const error = await readUserFiles(placed(files)).catch((error: unknown) => error);
  if (!(error instanceof DataError))
    throw new Error(`not a DataError: ${error instanceof Error ? error.stack : error}`);
  return error.message;
}

async function expectMnistLike(files: Record<string, BlobPart>) {
  const { train, test, report } = await readUserFiles(placed(files));
  expect([[...train.images], Array.from(train.labels), [...test.images]]).toEqual([
    [1, 2, 3, 4],
    [1, 0],
    [5, 6, 7, 8],
  ]);
  return report;
}

const inFolder = (folder: string) =>
  Object.fromEntries(Object.entries(mnistLike).map(([name, bytes]) => [`${folder}/${name}`, bytes]));

describe('archives are read as the folders that they contain', () => {
  test.each<[string, string, () => Bytes]>([
    ['zip', 'mnist.zip', () => zip(inFolder('raw'))],
    ['zip that is only stored', 'mnist.zip', () => zipSync(inFolder('raw'), { level: 0 }) as Bytes],
    [
      'zip with something before it',
      'setup.exe.zip',
      () => {
        const bytes = zip(mnistLike);
        const whole = new Uint8Array(bytes.length + 100);
        whole.set(strToU8('PK\x05\x06 a program'));
        whole.set(bytes, 100);
        return whole;
      },
    ],
    [
      'zip of .gz files',
      'mnist.zip',
      () => zip(Object.fromEntries(Object.entries(mnistLike).map(([name, bytes]) => [`${name}.gz`, gz(bytes)]))),
    ],
    ['zip of zips', 'all.zip', () => zip({ 'mnist.zip': zip(mnistLike), 'readme.txt': strToU8('no data') })],
    ['tar', 'mnist.tar', () => tarOf(inFolder('./raw'))],
    ['tar.gz', 'mnist.tgz', () => gz(tarOf(inFolder('raw')))],
    ['tar.gz in a zip', 'mnist.zip', () => zip({ 'mnist.tar.gz': gz(tarOf(mnistLike)) })],
  ])('%s', async (_, name, bytes) => {
    const report = await expectMnistLike({ [name]: bytes() });
    expect(report.notes[0]).toMatch(/read without unpacking it$/);
  });

  test('system files, links and encrypted files are counted among the ignored files', async () => {
    const report = await expectMnistLike({
      'mnist.tar': tarOf({ ...inFolder('m'), '__MACOSX/m/._x': strToU8('x'), 'm/.DS_Store': strToU8('x') }, [
        ['m/latest', '2'],
      ]),
    });
    expect(report.ignored.map(({ path, reason }) => `${path}: ${reason}`).sort()).toEqual([
      'mnist/__MACOSX/m/._x: hidden or system file',
      'mnist/m/.DS_Store: hidden or system file',
      'mnist/m/latest: a link in an archive',
    ]);
    const bytes = zip({ ...mnistLike, secret: strToU8('x') });
    const at = Buffer.from(bytes).lastIndexOf('secret');
    bytes[at - 46 + 8]! |= 1; // The flags in the directory.
    expect((await expectMnistLike({ 'm.zip': bytes })).ignored).toEqual([
      { path: 'm/secret', reason: 'encrypted in its archive: unpack it with its password' },
    ]);
  });

  test("a path of 300 letters, in both of tar's formats for it", async () => {
    const long = `${'deep/'.repeat(60)}${Object.keys(mnistLike)[0]}`;
    const { [Object.keys(mnistLike)[0]!]: first, ...rest } = mnistLike;
    for (const kind of ['x', 'L'] as const) {
      const report = await expectMnistLike({ 'm.tar': tarOf({ ...rest, [long]: first! }, [], kind) });
      expect(report.splits[0]!.from[0]).toBe(`m/${long}`);
    }
  });
});

describe('a gzip file that is read at any offset', () => {
  /** Bytes that deflate compresses to about half, in blocks with dynamic codes. */
  const content = (length: number) =>
    Uint8Array.from({ length }, (_, i) => (Math.imul(i ^ (i >>> 5), 0x9e3779b1) >>> 27) + ((i >>> 14) & 3));
  const whole = content(2 ** 20);
  const fileOf = (bytes: Uint8Array) => new Blob([bytes as Bytes]);
  /** The member with a comment, a name and two extra bytes in its header, and a checksum of it. */
  const withHeader = (member: Uint8Array) => {
    const head = Uint8Array.of(...member.subarray(0, 10), 2, 0, 7, 7, ...strToU8('name\0comment\0'), 0, 0);
    head[3] = 2 | 4 | 8 | 16;
    return Buffer.concat([head, member.subarray(10)]);
  };

  test.each<[string, Uint8Array]>([
    ['one member', gz(whole)],
    ['packed well', new Uint8Array(gzipSync(whole, { level: 9 }))],
    ['stored', new Uint8Array(gzipSync(whole, { level: 0 }))],
    [
      'members, of which some are empty, and zero bytes after them',
      Buffer.concat([
        ...[0, 1, 300_000, 300_000, 370_000, 2 ** 20].map((from, i, all) =>
          withHeader(gz(whole.subarray(from, all[i + 1] ?? from))),
        ),
        new Uint8Array(600),
      ]),
    ],
  ])('%s', async (_, packed) => {
    // Widely spaced positions, and so many that every second one is dropped.
    for (const spacing of [300_000, 1000]) {
      const file = await openGzip(fileOf(packed), 'x.gz', { most: 0, spacing });
      expect(file.size).toBe(whole.length);
      const ranges = Array.from({ length: 20 }, (_, i): [number, number] => {
        const from = Math.imul(i + 1, 0x9e3779b1) >>> 10;
        return [from % whole.length, (from % whole.length) + ((i * i * 997) % 90_000)];
      });
      const read = await Promise.all(ranges.map(([from, to]) => file.slice(from, to).arrayBuffer()));
      for (const [i, [from, to]] of ranges.entries())
        expect(Buffer.compare(new Uint8Array(read[i]!), whole.subarray(from, to)), `${from} to ${to}`).toBe(0);
      expect(Buffer.compare(new Uint8Array(await file.arrayBuffer()), whole)).toBe(0);
    }
    expect(await openGzip(fileOf(packed), 'x.gz')).toBeInstanceOf(Blob);
  });

  test.each<[string, (bytes: Bytes) => Uint8Array]>([
    ['truncated', (bytes) => bytes.subarray(0, bytes.length / 2)],
    ['without its trailer', (bytes) => bytes.subarray(0, -3)],
    ['a changed byte', (bytes) => bytes.map((byte, i) => (i === 5000 ? byte ^ 1 : byte))],
    ['another checksum', (bytes) => bytes.map((byte, i) => (i === bytes.length - 6 ? byte ^ 1 : byte))],
    ['another size', (bytes) => bytes.map((byte, i) => (i === bytes.length - 2 ? byte ^ 1 : byte))],
    ['a second member that is none', (bytes) => Buffer.concat([bytes, Uint8Array.of(0x1f, 0x8b, 1, 1)])],
    ['a name without end', (bytes) => bytes.map((byte, i) => (i === 3 ? 8 : i > 9 ? byte || 1 : byte))],
  ])('is rejected: %s', async (_, change) => {
    await expect(openGzip(fileOf(change(gz(whole))), 'x.gz')).rejects.toThrow(/x\.gz is damaged or truncated/);
  });

  test('contains a tar archive', async () => {
    const packed = fileOf(gz(tarOf({ ...mnistLike, big: content(100_000) })));
    const { files } = await filesInTar('m.tgz', await openGzip(packed, 'm.tgz', { most: 0, spacing: 1000 }));
    for (const { path, file } of files.reverse()) {
      const expected = path === 'big' ? content(100_000) : mnistLike[path]!;
      expect(Buffer.compare(new Uint8Array(await file.arrayBuffer()), expected), path).toBe(0);
    }
    expect(files).toHaveLength(5);
  });
});

describe('archives that are rejected', () => {
  const path = 'train-images-idx3-ubyte';
  test.each(['../../etc/passwd', '/etc/passwd', 'C:\\windows\\x', 'a/../../x', '..\\x'])(
    'a path that points outside: %s',
    async (out) => {
      for (const [name, bytes] of [
        ['m.zip', zip({ ...mnistLike, [out]: strToU8('x') })],
        ['m.tar', tarOf({ ...mnistLike, [out]: strToU8('x') })],
      ] as const) {
        expect(await failure({ [name]: bytes })).toMatch(/leads out of the folder/);
      }
    },
  );

  test('a zip bomb, with a true or a false size', async () => {
    const zeros = new Uint8Array(70 * 2 ** 20);
    const honest = zipSync({ [path]: zeros }, { level: 1 }) as Bytes;
    expect(honest.length).toBeLessThan(2 ** 20);
    expect(await failure({ 'm.zip': honest })).toMatch(/out of all proportion.*73,400,320/s);
    expect(await failure({ 'm.tar.gz': gz(tarOf({ [path]: zeros })) })).toMatch(/out of all proportion/);
    const { [path]: _, ...rest } = mnistLike;
    expect(await failure({ ...rest, [`${path}.gz`]: gz(zeros) })).toMatch(/out of all proportion/);
    const lying = honest.slice();
    const directory = Buffer.from(lying).lastIndexOf('PK\x01\x02', undefined, 'latin1');
    new DataView(lying.buffer).setUint32(directory + 24, 20, true); // It claims 20 bytes.
    expect(await failure({ 'm.zip': lying })).toMatch(/There is no data set/);
  });

  test('overlapping entries, too many nested zips, a wrong checksum', async () => {
    const bytes = zip(
      Object.fromEntries(
        Array.from({ length: 50 }, (_, i) => [
          `${i}.txt`,
          Uint8Array.from({ length: 999 }, (_, at) => (at * at * 7) & 255),
        ]),
      ),
    );
    const view = new DataView(bytes.buffer);
    for (let at = 0; at + 46 < bytes.length; at++)
      if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 20, bytes.length / 2, true);
    expect(await failure({ 'm.zip': bytes })).toMatch(/damaged or truncated/);
    const nested = [1, 2, 3].reduce((inner) => zip({ 'inner.zip': inner }), zip(mnistLike));
    expect(await failure({ 'm.zip': nested })).toMatch(/archive in an archive/);
    const changed = zipSync({ 'train-images-idx3-ubyte': mnistLike[path]! }, { level: 0 }) as Bytes;
    changed[30 + path.length + 17]! ^= 1;
    const { [path]: _, ...rest } = mnistLike;
    expect(await failure({ 'm.zip': changed, ...rest })).toMatch(/checksum|damaged/);
  });

  test.each([
    ['zip', zip(mnistLike)],
    ['tar', tarOf(mnistLike)],
    ['tar.gz', gz(tarOf(mnistLike))],
  ])('%s that is truncated', async (ending, bytes) => {
    for (const share of [0.3, 0.6]) {
      expect(await failure({ [`m.${ending}`]: bytes.slice(0, Math.floor(share * bytes.length)) })).toMatch(
        /damaged|truncated|come in pairs|no data set/,
      );
    }
  });
});
