import { PbfWriter } from 'pbf';

/**
 * TensorBoard's Event as protobuf. Field numbers and types are those of tensorflow/core/util/event.proto, framework/summary.proto
 * and framework/tensor.proto.
 */
export interface Event {
  /** Seconds since 1970. */
  wallTime: number;
  step?: number;
  /** Set in the first event of a file: 'brain.Event:2'. */
  fileVersion?: string;
  values?: readonly SummaryValue[];
  /** The run resumes at `step`: TensorBoard discards what it has read of this and later steps. */
  restarts?: true;
}

export type SummaryValue = { tag: string } & (
  | { scalar: number }
  | { histogram: Histogram }
  /** Markdown. */
  | { text: string }
);

/** Bucket i counts the values from limit i - 1 to limit i. */
export interface Histogram {
  min: number;
  max: number;
  num: number;
  sum: number;
  sumSquares: number;
  limits: readonly number[];
  counts: readonly number[];
}

export function encodeEvent(event: Event): Uint8Array {
  const writer = new PbfWriter();
  writer.writeDoubleField(1, event.wallTime);
  if (event.step !== undefined) writer.writeVarintField(2, event.step);
  if (event.fileVersion !== undefined) writer.writeStringField(3, event.fileVersion);
  if (event.values) writer.writeMessage(5, writeSummary, event.values);
  // SessionLog with the status START.
  if (event.restarts)
    writer.writeMessage(7, (status: number, inner: PbfWriter) => inner.writeVarintField(1, status), 1);
  return writer.finish();
}

function writeSummary(values: readonly SummaryValue[], writer: PbfWriter): void {
  for (const value of values) writer.writeMessage(1, writeValue, value);
}

function writeValue(value: SummaryValue, writer: PbfWriter): void {
  writer.writeStringField(1, value.tag);
  if ('scalar' in value) writer.writeFloatField(2, value.scalar);
  else if ('histogram' in value) writer.writeMessage(5, writeHistogram, value.histogram);
  else {
    writer.writeMessage(8, writeText, value.text);
    writer.writeMessage(9, writeTextMetadata, undefined);
  }
}

function writeHistogram({ min, max, num, sum, sumSquares, limits, counts }: Histogram, writer: PbfWriter): void {
  [min, max, num, sum, sumSquares].forEach((value, i) => {
    writer.writeDoubleField(i + 1, value);
  });
  writer.writePackedDouble(6, [...limits]);
  writer.writePackedDouble(7, [...counts]);
}

/** A TensorProto without dimensions: dtype DT_STRING, one string_val. */
function writeText(text: string, writer: PbfWriter): void {
  writer.writeVarintField(1, 7);
  writer.writeBytesField(2, new Uint8Array());
  writer.writeStringField(8, text);
}

/** SummaryMetadata: plugin_data.plugin_name selects the TensorBoard plugin that displays it. */
function writeTextMetadata(_: undefined, writer: PbfWriter): void {
  writer.writeMessage(1, (name: string, inner: PbfWriter) => inner.writeStringField(1, name), 'text');
}
