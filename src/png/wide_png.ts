import { broken, chunksOf, samplesOf, unfilter, unpackedRows } from './png_parts.ts';

// Browsers decode pictures to 8 bits per channel. 16-bit PNGs are decoded here if their lower bits matter.

/** Red, green, blue and alpha of each pixel, 16 bits each. */
export interface WidePixels {
  width: number;
  height: number;
  rgba: Uint16Array;
}

const opaque = 65535;

/** The seven passes of Adam7: first column and row, steps between columns and rows. */
const interlaced = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
const whole = [[0, 0, 1, 1]] as const;

/** @throws DOMException if the file is damaged or truncated, as a browser does. */
export function decodeWidePng(bytes: Uint8Array): WidePixels {
  const { header, transparency, packed } = chunksOf(bytes);
  const { width, height, depth, color, isInterlaced } = header;
  const channels = samplesOf[color];
  // A palette has at most 256 colors.
  if (channels === undefined || color === 3 || depth !== 16) throw broken('its header');
  // The level that stands for transparent: one value of two bytes for gray, three for color. Browsers ignore any other length.
  const isLevel = transparency?.length === { 0: 2, 2: 6 }[color];
  const transparent = transparency && isLevel ? levelsOf(transparency) : undefined;
  const passes = (isInterlaced ? interlaced : whole)
    .map(([x, y, dx, dy]) => ({
      x,
      y,
      dx,
      dy,
      columns: Math.ceil((width - x) / dx),
      rows: Math.ceil((height - y) / dy),
    }))
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
  const pixelBytes = 2 * channels;
  const size = passes.reduce((sum, { columns, rows }) => sum + rows * (1 + columns * pixelBytes), 0);
  const data = unpackedRows(packed, size);
  const rgba = new Uint16Array(4 * width * height);
  const sample = (at: number) => 256 * data[at]! + data[at + 1]!;
  let at = 0;
  for (const { x, y, dx, dy, columns, rows } of passes) {
    const rowBytes = 1 + columns * pixelBytes;
    unfilter(data.subarray(at, at + rows * rowBytes), rowBytes, pixelBytes);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const from = at + row * rowBytes + 1 + column * pixelBytes;
        const to = 4 * ((y + row * dy) * width + x + column * dx);
        const isColored = channels > 2;
        for (let c = 0; c < 3; c++) rgba[to + c] = sample(from + (isColored ? 2 * c : 0));
        rgba[to + 3] = channels % 2 === 0 ? sample(from + pixelBytes - 2) : opaque;
        if (transparent?.every((level, c) => rgba[to + c] === level)) rgba[to + 3] = 0;
      }
    }
    at += rows * rowBytes;
  }
  return { width, height, rgba };
}

const levelsOf = (bytes: Uint8Array) =>
  Array.from({ length: bytes.length / 2 }, (_, i) => 256 * bytes[2 * i]! + bytes[2 * i + 1]!);
