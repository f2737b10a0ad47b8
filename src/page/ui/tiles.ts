/** Many small images combined into one picture. */
export interface Tiles {
  /** Pixel bytes. */
  pixels: Uint8Array;
  shape: [height: number, width: number, channels: 1 | 3];
  /** Number of tiles per row. */
  columns: number;
  /** Width and height in the picture of a tile's pixel. */
  scale: number;
}

/** Distance between two tiles in pixels of the picture; the pixels of a small tile are enlarged. */
const gap = 2;
const gapGray = 96;
const leastSide = 24;

/**
 * Lays tiles out in rows.
 *
 * @param pixel returns the byte of a tile's pixel for each channel.
 * @param columns tiles per row; by default such that the picture is about twice as wide as high.
 */
export function layOut(
  count: number,
  [height, width, channels]: readonly [number, number, 1 | 3],
  pixel: (tile: number, y: number, x: number, channel: number) => number,
  columns = fullRows(count, Math.min(count, Math.ceil(Math.sqrt((2 * count * height) / width)))),
): Tiles {
  const scale = Math.ceil(leastSide / Math.max(height, width));
  const rows = Math.ceil(count / columns);
  const [tileHeight, tileWidth] = [height * scale, width * scale];
  const shape: Tiles['shape'] = [rows * (tileHeight + gap) - gap, columns * (tileWidth + gap) - gap, channels];
  const pixels = new Uint8Array(shape[0] * shape[1] * channels).fill(gapGray);
  for (let tile = 0; tile < count; tile++) {
    const top = Math.floor(tile / columns) * (tileHeight + gap);
    const left = (tile % columns) * (tileWidth + gap);
    for (let y = 0; y < tileHeight; y++) {
      for (let x = 0; x < tileWidth; x++) {
        const at = ((top + y) * shape[1] + left + x) * channels;
        for (let c = 0; c < channels; c++) {
          pixels[at + c] = pixel(tile, Math.floor(y / scale), Math.floor(x / scale), c);
        }
      }
    }
  }
  return { pixels, shape, columns, scale };
}

/** About `columns` columns, chosen such that the last row is full if possible: a partial row leaves a gray area. */
function fullRows(count: number, columns: number): number {
  const full = [...Array(2 * columns).keys()].filter((it) => it > columns / 2 && count % it === 0);
  const distance = (it: number) => Math.abs(Math.log(it / columns));
  return full.sort((a, b) => distance(a) - distance(b))[0] ?? columns;
}

/** The tile and its pixel at a position of the picture; undefined between two tiles. */
export function pixelAt(
  { columns, scale }: Tiles,
  [height, width]: readonly [number, number],
  [top, left]: readonly [number, number],
): { tile: number; y: number; x: number } | undefined {
  const [tall, wide] = [height * scale + gap, width * scale + gap];
  const [row, column] = [Math.floor(top / tall), Math.floor(left / wide)];
  const [y, x] = [Math.floor((top - row * tall) / scale), Math.floor((left - column * wide) / scale)];
  return y < height && x < width && column < columns ? { tile: row * columns + column, y, x } : undefined;
}

/** Range of a kernel's weights. */
export interface Range {
  least: number;
  most: number;
}

/**
 * The kernels of a convolution [kh, kw, in, out], one picture each: in color if there are three input channels, otherwise the first
 * channel. Gray is 0; `most`, the largest magnitude of all, is white.
 */
export function kernelTiles({ shape, values }: { shape: readonly number[]; values: Float32Array }): {
  tiles: Tiles[];
  ranges: Range[];
  most: number;
} {
  const [height, width, channels, filters] = shape as [number, number, number, number];
  const most = largest(values, Math.abs);
  const byte = (value: number) => Math.round(127.5 + (127.5 * value) / (most || 1));
  const shown = channels === 3 ? 3 : 1;
  const tiles = Array.from({ length: filters }, (_, filter) =>
    layOut(1, [height, width, shown], (_tile, y, x, c) =>
      byte(values[((y * width + x) * channels + c) * filters + filter]!),
    ),
  );
  const ranges = Array.from({ length: filters }, (_, filter) => {
    const range = { least: Infinity, most: -Infinity };
    for (let i = filter; i < values.length; i += filters) {
      range.least = Math.min(range.least, values[i]!);
      range.most = Math.max(range.most, values[i]!);
    }
    return range;
  });
  return { tiles, ranges, most };
}

/**
 * A layer's output for one image: one tile per channel [height, width, channels], or one pixel per unit [units]. Black is `low`,
 * which is 0 unless there are negative values; white is `high`.
 */
export function outputTiles({ shape, values }: { shape: readonly number[]; values: Float32Array }): {
  tiles: Tiles;
  low: number;
  high: number;
} {
  const low = 0 - largest(values, (value) => -value);
  const high = largest(values, (value) => value);
  const byte = (value: number) => Math.round((255 * (value - low)) / (high - low || 1));
  if (shape.length === 1) {
    const [units] = shape as [number];
    return { tiles: layOut(units, [1, 1, 1], (unit) => byte(values[unit]!), Math.min(units, 32)), low, high };
  }
  const [height, width, channels] = shape as [number, number, number];
  const tiles = layOut(channels, [height, width, 1], (channel, y, x) =>
    byte(values[(y * width + x) * channels + channel]!),
  );
  return { tiles, low, high };
}

/** The largest finite value. */
function largest(values: Float32Array, of: (value: number) => number): number {
  let most = 0;
  for (const value of values) {
    const it = of(value);
    if (it > most && it < Infinity) most = it;
  }
  return most;
}
