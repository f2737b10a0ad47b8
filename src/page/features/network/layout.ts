import type { Block } from './blocks.ts';

/** Positions of all parts of the network drawing, in CSS pixels. */

export interface Point {
  x: number;
  y: number;
}

export interface Box extends Point {
  width: number;
  height: number;
}

export interface PlacedBlock extends Box {
  block: Block;
  row: number;
}

/** A connection between two blocks. */
export interface Edge {
  /** Columns between which it leads; the light passes it while it is between them. */
  from: number;
  to: number;
  /** Corners of its line; a connection that continues in the next row has a line in each row. */
  lines: Point[][];
  /** Whether it bypasses blocks. */
  isShortcut: boolean;
}

/** The bar that shows the relative gradient of one measured layer. */
export interface Bar extends Box {
  layer: string;
  column: number;
}

/** The text and chart below a column of blocks. */
export interface Foot {
  column: number;
  /** Center of the column. */
  x: number;
  /** Baselines of the name and of the verdict. */
  nameAt: number;
  verdictAt: number;
  width: number;
  name: string;
  measured: string[];
}

export interface Row {
  /** Top and bottom of the chart, whose middle is a relative gradient of 1. */
  chartTop: number;
  chartBottom: number;
  left: number;
  right: number;
}

export interface Layout {
  width: number;
  height: number;
  blocks: PlacedBlock[];
  edges: Edge[];
  bars: Bar[];
  feet: Foot[];
  rows: Row[];
  /** Number of columns, of which the last is the loss. */
  columns: number;
  /** Middle of the left edge of the loss, after the last block. */
  loss: Point;
  /** Size of the small text. */
  text: number;
}

export interface Sizes {
  /** Width and height of a block, and width of a merge. */
  block: number;
  merge: number;
  /** Minimum distance between two columns. */
  gap: number;
  /** Height of the bar chart. */
  chart: number;
  text: number;
  /** Margins for the labels of the charts, and for the loss. */
  left: number;
  right: number;
}

/**
 * @param width available width.
 * @param columns of the network: if there are few, blocks are larger.
 * @param isCompact for twins, which are drawn one above the other.
 */
export function sizesFor(width: number, columns: number, isCompact = false): Sizes {
  if (width < 560) {
    // Six blocks beside each other on most phones, so that ten layers take two rows.
    const block = Math.max(32, Math.min(Math.floor((width - 110) / 6), 36));
    return { block, merge: 20, gap: 9, chart: 56, text: 10, left: 34, right: 30 };
  }
  if (isCompact) return { block: 36, merge: 22, gap: 20, chart: 50, text: 11, left: 38, right: 50 };
  const sizes = { merge: 24, gap: 18, chart: 64, text: 11, left: 38, right: 50 };
  const fitting = Math.floor((width - sizes.left - sizes.right - sizes.gap * (columns - 1)) / columns);
  // A network that needs several rows in any case has blocks of the usual size.
  return { ...sizes, block: fitting < 34 ? 50 : Math.min(fitting, 72) };
}

/** Height above the blocks of a row for shortcuts that bypass them. */
const arc = 14;
const rowGap = 14;

/** Number of columns of blocks, including the images. */
export const columnsOf = (blocks: readonly Block[]): number => 1 + Math.max(...blocks.map(({ column }) => column));

export function layOut(blocks: readonly Block[], width: number, sizes: Sizes): Layout {
  const count = columnsOf(blocks);
  const columns = Array.from({ length: count }, (_, column) => {
    const own = blocks.filter((block) => block.column === column);
    return { own, width: own.every(({ kind }) => kind === 'merge') ? sizes.merge : sizes.block };
  });
  const rows = inRows(
    columns.map((column) => column.width),
    width,
    sizes,
  );
  const placed = new Map<Block, PlacedBlock>();
  const layout: Layout = {
    width,
    height: 0,
    blocks: [],
    edges: [],
    bars: [],
    feet: [],
    rows: [],
    columns: count,
    loss: { x: 0, y: 0 },
    text: sizes.text,
  };
  let top = 2;
  rows.forEach(({ from, to, gap }, row) => {
    const inRow = columns.slice(from, to);
    const lanes = Math.max(...inRow.flatMap(({ own }) => own.map(({ lane }) => lane)));
    const hasShortcuts = blocks.some(({ column, inputs }) =>
      inputs.some((input) => blocks[input]!.column + 1 < column && column >= from && blocks[input]!.column < to),
    );
    const base = top + (hasShortcuts ? arc : 0) + lanes * (sizes.block + 8);
    const nameAt = base + sizes.block + sizes.text + 3;
    const chartTop = nameAt + 8;
    const chartBottom = chartTop + sizes.chart;
    const verdictAt = chartBottom + sizes.text + 3;
    let x = sizes.left;
    inRow.forEach(({ own, width: wide }, index) => {
      const column = from + index;
      for (const block of own) {
        const side = block.kind === 'merge' ? sizes.merge : sizes.block;
        const middle = base - block.lane * (sizes.block + 8) + sizes.block / 2;
        const box = { block, row, x: x + (wide - side) / 2, y: middle - side / 2, width: side, height: side };
        placed.set(block, box);
        layout.blocks.push(box);
      }
      const measured = own.toSorted((a, b) => a.lane - b.lane).flatMap((block) => block.measured);
      measured.forEach((layer, bar) => {
        const each = wide / measured.length;
        const room = Math.min(each - 2, 26);
        layout.bars.push({
          layer,
          column,
          x: x + each * bar + (each - room) / 2,
          y: chartTop,
          width: room,
          height: sizes.chart,
        });
      });
      const [main] = own.toSorted((a, b) => a.lane - b.lane);
      const name = main!.kind === 'merge' && !measured.length ? '' : main!.name;
      layout.feet.push({ column, x: x + wide / 2, nameAt, verdictAt, width: wide + gap, name, measured });
      x += wide + gap;
    });
    const right = row === rows.length - 1 ? x - gap : width;
    layout.rows.push({ chartTop, chartBottom, left: sizes.left - 4, right: Math.min(right + 4, width) });
    layout.loss = { x: x - gap + Math.min(gap, 14), y: base + sizes.block / 2 };
    top = verdictAt + rowGap;
  });
  layout.height = Math.ceil(top - rowGap + 5);
  for (const block of blocks) {
    for (const input of block.inputs) {
      layout.edges.push(edgeOf(placed.get(blocks[input]!)!, placed.get(block)!, layout));
    }
  }
  return layout;
}

/** As few rows as possible, with about equally many columns each if they fit, spread over the width. */
function inRows(widths: readonly number[], width: number, { left, right, gap }: Sizes) {
  const room = width - left - right;
  const widthOf = (from: number, to: number) =>
    widths.slice(from, to).reduce((sum, each) => sum + each, gap * (to - from - 1));
  // Only the last row is followed by the loss.
  const fits = (from: number, to: number) => widthOf(from, to) <= (to === widths.length ? room : width - left - 4);
  const rows: { from: number; to: number; gap: number }[] = [];
  for (let from = 0; from < widths.length; ) {
    let to = from + 1;
    while (to < widths.length && fits(from, to + 1)) to++;
    rows.push({ from, to, gap });
    from = to;
  }
  const [row] = rows;
  if (rows.length === 1 && row!.to > 1) {
    const used = widths.reduce((sum, each) => sum + each, 0);
    row!.gap = Math.min(7 * gap, (room - used - 14) / (row!.to - 1));
    return rows;
  }
  const columns = Math.ceil(widths.length / rows.length);
  const used =
    Math.max(...rows.map((_, place) => widthOf(place * columns, (place + 1) * columns))) - gap * (columns - 1);
  const spread = Math.max(gap, Math.min(2 * gap, (room - used - 14) / (columns - 1)));
  const even = rows.map((_, place) => ({
    from: Math.min(place * columns, widths.length),
    to: Math.min((place + 1) * columns, widths.length),
    gap: spread,
  }));
  return even.every(({ from, to }) => from < to && fits(from, to)) ? even : rows;
}

function edgeOf(source: PlacedBlock, target: PlacedBlock, { width, rows }: Layout): Edge {
  const [from, to] = [source.block.column, target.block.column];
  const isNext = to === from + 1 && source.block.lane === target.block.lane;
  const middle = ({ x, y, width, height }: Box): Point => ({ x: x + width / 2, y: y + height / 2 });
  const [a, b] = [middle(source), middle(target)];
  const start = isNext || source.block.lane > target.block.lane ? { x: source.x + source.width, y: a.y } : undefined;
  const end = isNext || target.block.lane > source.block.lane ? { x: target.x, y: b.y } : undefined;
  // A shortcut that leaves its block upwards runs above it; one that only changes lanes runs at the height of the other end.
  const above = ({ y }: PlacedBlock) => y - arc + 4;
  const height = (row: number) => {
    if (start && end) return row === source.row ? a.y : b.y;
    if (start) return row === source.row ? a.y : above(target) - 4;
    if (end) return row === target.row ? b.y : above(source) - 4;
    return row === source.row ? above(source) : above(target);
  };
  const begin = start
    ? [start]
    : [
        { x: a.x, y: source.y },
        { x: a.x, y: height(source.row) },
      ];
  const finish = end
    ? [end]
    : [
        { x: b.x, y: height(target.row) },
        { x: b.x, y: target.y },
      ];
  if (source.row === target.row) {
    return { from, to, lines: [[...begin, ...finish]], isShortcut: !isNext };
  }
  const between = rows.slice(source.row + 1, target.row).map(({ chartTop }) => {
    const y = height(source.row) + chartTop - rows[source.row]!.chartTop;
    return [
      { x: 0, y },
      { x: width, y },
    ];
  });
  const lines = [
    [...begin, { x: width - 4, y: height(source.row) }],
    ...between,
    [{ x: 4, y: height(target.row) }, ...finish],
  ];
  return { from, to, lines, isShortcut: !isNext };
}

/** The block at a point, if there is one. */
export const blockAt = ({ blocks }: Layout, { x, y }: Point): Block | undefined =>
  blocks.find((box) => x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height)?.block;

/** The point at a fraction, 0 to 1, of the total length of several lines. */
export function pointOn(lines: readonly Point[][], share: number): Point {
  const pieces = lines.flatMap((line) => line.slice(1).map((to, i) => ({ from: line[i]!, to })));
  const lengths = pieces.map(({ from, to }) => Math.hypot(to.x - from.x, to.y - from.y));
  let left = share * lengths.reduce((sum, length) => sum + length, 0);
  for (const [i, { from, to }] of pieces.entries()) {
    const length = lengths[i]!;
    if (left <= length || i === pieces.length - 1) {
      const part = length ? Math.min(1, left / length) : 0;
      return { x: from.x + part * (to.x - from.x), y: from.y + part * (to.y - from.y) };
    }
    left -= length;
  }
  return { x: 0, y: 0 };
}
