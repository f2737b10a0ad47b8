import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PbfReader } from 'pbf';
import { describe, expect, test } from 'vitest';
import { crc32c } from '../../src/formats/crc32c.ts';
import { EventFile } from '../../src/formats/event_file.ts';
import { columnsOf } from '../../src/formats/step_columns.ts';
import { tfRecord } from '../../src/formats/tf_record.ts';
import type { RunEvent } from '../../src/health/run_events.ts';
import { probeOf, stepOf, verdictOf } from './health_events.ts';
import { temporaryFolder } from './wgrad.ts';

const reader = fileURLToPath(new URL('../fixtures/read_event_file.py', import.meta.url));
const python = '/usr/bin/python3';
const hasProtobuf = spawnSync(python, ['-c', 'import google.protobuf']).status === 0;

interface Read {
  wallTime: number;
  step: number;
  fileVersion?: string;
  values?: {
    tag: string;
    scalar?: number | string;
    text?: string;
    histogram?: Record<string, number> & { limits: number[]; counts: number[] };
  }[];
}

const bundles: RunEvent[][] = [
  [stepOf(1), verdictOf('dense', 'vanishing', 1)],
  [stepOf(2), probeOf(2), stepOf(3, { bad: true })],
  [
    {
      epoch: {
        epoch: 1,
        loss: 1.5,
        accuracy: 0.5,
        validationLoss: 0.75,
        seconds: 2,
        imagesPerSecond: 48,
        gradientNorms: {},
      },
    },
  ],
];

/** Writes a file with these bundles and returns its path. */
function written(): string {
  const folder = join(temporaryFolder(), 'runs', 'first');
  const file = new EventFile(folder, 0, () => 1_800_000_000.5);
  for (const bundle of bundles) file.add(bundle);
  file.close();
  const [name, ...more] = readdirSync(folder);
  expect(more).toEqual([]);
  expect(name).toMatch(/^events\.out\.tfevents\.1800000000\./);
  return join(folder, name!);
}

/** Reads with the library that wrote it; the field numbers are repeated here. */
function read(path: string): Read[] {
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const events: Read[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.subarray(at, at + length + 16)).toEqual(Buffer.from(tfRecord(data)));
    events.push(new PbfReader(data).readFields(eventField, { wallTime: 0, step: 0 }));
    at += length + 16;
  }
  return events;
}

function eventField(tag: number, event: Read, pbf: PbfReader): void {
  if (tag === 1) event.wallTime = pbf.readDouble();
  if (tag === 2) event.step = pbf.readVarint();
  if (tag === 3) event.fileVersion = pbf.readString();
  if (tag === 5) {
    event.values = pbf.readMessage((inner: number, values: NonNullable<Read['values']>, pbf) => {
      if (inner === 1) values.push(pbf.readMessage(valueField, { tag: '' }));
    }, []);
  }
}

function valueField(tag: number, value: NonNullable<Read['values']>[number], pbf: PbfReader): void {
  if (tag === 1) value.tag = pbf.readString();
  if (tag === 2) {
    const scalar = pbf.readFloat();
    value.scalar = Number.isFinite(scalar) ? scalar : String(scalar).replace('Infinity', 'inf').replace('NaN', 'nan');
  }
  if (tag === 5) {
    const names = ['min', 'max', 'num', 'sum', 'sumSquares'];
    value.histogram = pbf.readMessage(
      (inner: number, histogram, pbf) => {
        if (inner <= 5) histogram[names[inner - 1]!] = pbf.readDouble();
        if (inner === 6) pbf.readPackedDouble(histogram.limits);
        if (inner === 7) pbf.readPackedDouble(histogram.counts);
      },
      { limits: [], counts: [] } as unknown as NonNullable<typeof value.histogram>,
    );
  }
  if (tag === 8) {
    value.text = pbf.readMessage(
      (inner: number, out: { text: string }, pbf) => {
        if (inner === 8) out.text = pbf.readString();
      },
      { text: '' },
    ).text;
  }
}

function expectEvents(events: Read[]): void {
  expect(events[0]).toEqual({ wallTime: 1_800_000_000.5, step: 0, fileVersion: 'brain.Event:2' });
  const told = events.slice(1);
  expect(told.map(({ step }) => step)).toEqual([1, 1, 2, 2, 3, 3]);
  expect(told.map(({ wallTime }) => wallTime)).toEqual(Array(6).fill(1_800_000_000.5));
  const values = told.map(({ values }) => new Map(values!.map(({ tag, ...value }) => [tag, value])));
  const [first, verdict, , probe, bad, epoch] = values as Required<typeof values>;

  const columns = columnsOf((bundles[0]![0] as Extract<RunEvent, { step: unknown }>).step);
  expect(first!.size).toBe(columns.length);
  expect(first!.get('run/loss')).toEqual({ scalar: 1.5 });
  expect(first!.get('dense/kernel.gradientNorm')).toEqual({ scalar: 1 });
  expect(first!.get('dense/bias.updateRatio')).toEqual({ scalar: 'nan' });
  expect(first!.get('a, "b"/deltaRms')).toEqual({ scalar: 2 / 64 });
  expect(verdict!.get('dense/verdict')!.text).toMatch(
    /\*\*vanishing\*\* since step 1: the sentence of dense\..*a remedy/s,
  );
  expect(bad!.get('run/loss')).toEqual({ scalar: 'nan' });
  expect(bad!.get('dense/gradientNorm')).toEqual({ scalar: 'inf' });
  expect(epoch!.get('epoch/validationLoss')).toEqual({ scalar: 0.75 });
  expect(epoch!.has('epoch/validationAccuracy')).toBe(false);

  expect(probe!.get('run/noiseScale')).toEqual({ scalar: 2 });
  const { limits, counts, ...sums } = probe!.get('dense/gradientMagnitude')!.histogram!;
  // Zeros, and all buckets up to the last nonempty one: [0, 2^-48], ... [1/2, 1].
  expect(limits).toEqual(Array.from({ length: 49 }, (_, i) => 2 ** (i - 48)));
  expect(counts).toEqual([4, ...Array(46).fill(0), 2, 3]);
  const squares = 2 * 0.375 ** 2 + 3 * 0.75 ** 2;
  expect(sums).toEqual({ min: 0, max: 1, num: 9, sum: 2 * 0.375 + 3 * 0.75, sumSquares: squares });
  expect(probe!.get('dense/gradientExponent')!.histogram).toEqual({
    ...{ min: -2, max: 0, num: 5, sum: 2 * -1.5 + 3 * -0.5, sumSquares: 2 * 2.25 + 3 * 0.25 },
    limits: [-1, 0],
    counts: [2, 3],
  });
}

test('an event file contains every number, including NaN and infinity', () => {
  expectEvents(read(written()));
});

test.skipIf(!hasProtobuf)(
  `the same by another reader, which checks the CRCs${hasProtobuf ? '' : ' (skipped: apt-get install python3-protobuf)'}`,
  () => {
    expectEvents(JSON.parse(execFileSync(python, [reader, written()], { encoding: 'utf8' })));
  },
);

describe('CRC-32C', () => {
  const ascii = (text: string) => new TextEncoder().encode(text);
  // RFC 3720, appendix B.4, and the polynomial's check value.
  test.each([
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(0xff), 0x62a8ab43],
    [Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    [ascii('123456789'), 0xe3069283],
  ])('%o', (bytes, crc) => {
    expect(crc32c(bytes)).toBe(crc);
  });
});
