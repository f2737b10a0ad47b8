import { expect, test } from 'vitest';
import { type Model, modelSummary, presetModel } from '../../src/index.ts';
import { blocksOf } from '../../src/page/features/network/blocks.ts';
import { layerPicture } from '../../src/page/features/network/layer_picture.ts';
import { blockAt, columnsOf, layOut, pointOn, sizesFor } from '../../src/page/features/network/layout.ts';
import { cycle, displayFrameMs, fillAt, lightAt, Pace } from '../../src/page/features/network/light.ts';

const shape = [8, 8, 1] as const;
const blocksFor = (model: Model) => blocksOf(modelSummary(model), model.inputShape);
const preset = (name: Parameters<typeof presetModel>[0]) => blocksFor(presetModel(name, shape, 10));

test('a chain is a row of blocks; a layer without a kernel belongs to the block before it', () => {
  const chain = preset('deep-sigmoid');
  expect(chain.map(({ name }) => name)).toEqual([
    'images',
    'dense',
    ...Array.from({ length: 10 }, (_, i) => `dense_${i + 1}`),
  ]);
  expect(chain[0]).toMatchObject({ layers: ['flatten'], shape: [64], kind: 'images' });
  expect(chain.map(({ column }) => column)).toEqual(chain.map((_, i) => i));
  const normalized = preset('deep-sigmoid-batchnorm');
  expect(normalized).toHaveLength(12);
  expect(normalized[1]).toMatchObject({
    layers: ['dense', 'batch_normalization', 'activation'],
    measured: ['dense', 'batch_normalization'],
  });
});

test('branches: shortcuts bypass blocks, and one with its own layer is in a lane above', () => {
  const blocks = preset('resnet8');
  const merges = blocks.filter(({ kind }) => kind === 'merge');
  expect(merges.map(({ name }) => name)).toEqual(['add', 'add_1', 'add_2']);
  for (const { inputs, column } of merges) {
    expect(inputs).toHaveLength(2);
    for (const input of inputs) expect(blocks[input]!.column).toBeLessThan(column);
  }
  expect(blocks.filter(({ lane }) => lane > 0).map(({ name }) => name)).toEqual(['conv2d_5', 'conv2d_8']);
  // No two blocks are at the same position.
  expect(new Set(blocks.map(({ column, lane }) => `${column} ${lane}`)).size).toBe(blocks.length);
  const measured = modelSummary(presetModel('resnet8', shape, 10)).flatMap((it) => (it.measured ? [it.name] : []));
  expect(blocks.flatMap((block) => block.measured).toSorted()).toEqual(measured.toSorted());
});

test.each([262, 302, 332, 342, 500, 920, 1400])(
  'in %i pixels, all blocks, bars and lines are inside and do not overlap',
  (width) => {
    for (const name of ['deep-sigmoid', 'deep-sigmoid-shortcuts', 'resnet8', 'resnet20', 'tutorial'] as const) {
      const blocks = blocksFor(presetModel(name, [28, 28, 1], 10));
      const layout = layOut(blocks, width, sizesFor(width, columnsOf(blocks)));
      expect(layout.blocks).toHaveLength(blocks.length);
      for (const { x, y, width: wide, height } of [...layout.blocks, ...layout.bars]) {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x + wide).toBeLessThanOrEqual(width);
        expect(y).toBeGreaterThanOrEqual(0);
        expect(y + height).toBeLessThanOrEqual(layout.height);
      }
      for (const [i, a] of layout.blocks.entries()) {
        for (const b of layout.blocks.slice(i + 1)) {
          const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
          expect(apart).toBe(true);
        }
      }
      for (const { x, y } of layout.edges.flatMap(({ lines }) => lines.flat())) {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(width);
        expect(y).toBeGreaterThanOrEqual(0);
        expect(y).toBeLessThanOrEqual(layout.height);
      }
      const some = layout.blocks.at(-1)!;
      expect(blockAt(layout, { x: some.x + 2, y: some.y + 2 })).toBe(some.block);
    }
  },
);

test('ten layers are in one row on a desktop, and in two on a phone', () => {
  const rows = (width: number) => layOut(preset('deep-sigmoid'), width, sizesFor(width, 12)).rows.length;
  expect(rows(920)).toBe(1);
  // In windows of 400, 390, 375 and 360 pixels.
  for (const width of [342, 332, 317, 302]) expect(rows(width), `${width}`).toBe(2);
  const { blocks } = layOut(preset('deep-sigmoid'), 262, sizesFor(262, 12));
  expect(Math.max(...blocks.map(({ x, width }) => x + width))).toBeGreaterThan(0.8 * 262);
});

test('rows have equally many columns: none has a single block at its end', () => {
  const columnsOfRows = (width: number) => {
    const { blocks, rows } = layOut(preset('deep-sigmoid'), width, sizesFor(width, 12, true));
    return rows.map((_, row) => blocks.filter((block) => block.row === row).length);
  };
  expect(columnsOfRows(706)).toEqual([6, 6]);
  expect(columnsOfRows(300)).toEqual([4, 4, 4]);
  expect(columnsOfRows(930)).toEqual([12]);
});

test('a short network is drawn larger and fills the width, but not on a phone', () => {
  const draw = (width: number) => {
    const blocks = blocksFor(presetModel('tutorial', [28, 28, 1], 10));
    return layOut(blocks, width, sizesFor(width, columnsOf(blocks)));
  };
  expect(draw(920).blocks[0]!.width).toBe(72);
  expect(draw(920).loss.x).toBeGreaterThan(0.6 * 920);
  expect(draw(342).blocks[0]!.width).toBe(36);
  const many = preset('deep-sigmoid');
  expect(layOut(many, 920, sizesFor(920, columnsOf(many))).blocks[0]!.width).toBeLessThan(56);
});

test('the light moves forward and back; bars are empty when it starts and fill behind it, from the last layer to the first', () => {
  const columns = 12;
  expect(lightAt(0, columns)).toEqual({ pass: 'forward', at: 0 });
  const turn = lightAt(cycle.forward, columns)!;
  expect(turn).toEqual({ pass: 'backward', at: columns });
  for (let column = 0; column < columns; column++) expect(fillAt(turn, column)).toBe(0);
  const back = lightAt(cycle.forward + cycle.backward / 2, columns)!;
  expect(back).toEqual({ pass: 'backward', at: 6 });
  expect(fillAt(back, 11)).toBe(1);
  expect(fillAt(back, 6)).toBe(1);
  expect(fillAt(back, 5)).toBe(0);
  expect(lightAt(cycle.forward + cycle.backward + 1, columns)).toBeUndefined();
  expect(fillAt(undefined, 3)).toBe(1);
  const line = [
    { x: 0, y: 0 },
    { x: 10, y: 0 },
    { x: 10, y: 30 },
  ];
  expect(pointOn([line], 0.5)).toEqual({ x: 10, y: 10 });
  expect(pointOn([line], 1)).toEqual({ x: 10, y: 30 });
});

test('slow painting is done less often, and fast painting sixty times a second', () => {
  const fast = new Pace(1000 / 60);
  const slow = new Pace(1000 / 60);
  const painted = (pace: Pace, cost: number) => {
    let frames = 0;
    for (let now = 0; now < 1000; now += 1000 / 60) {
      if (!pace.isDue(now)) continue;
      pace.painted(now, cost);
      frames++;
    }
    return frames;
  };
  expect(painted(fast, 0.5)).toBeGreaterThan(58);
  const frames = painted(slow, 10);
  expect(frames).toBeGreaterThan(6);
  expect(frames).toBeLessThan(13);
  expect(painted(new Pace(100), 0.5)).toBeLessThan(12);
});

test('no frames are requested until shortly before the next painting', () => {
  const pace = new Pace(100);
  expect(pace.msUntilDue(0)).toBe(0);
  pace.painted(1000, 2);
  expect(pace.isDue(1010)).toBe(false);
  expect(pace.msUntilDue(1010)).toBeCloseTo(90 - displayFrameMs, 6);
  // A display frame later it is due, so no painting is late.
  expect(pace.isDue(1010 + pace.msUntilDue(1010) + displayFrameMs)).toBe(true);
  expect(pace.msUntilDue(1099)).toBe(0);
  // On a usual display, a fast drawing is painted in every frame.
  const fast = new Pace(displayFrameMs);
  fast.painted(1000, 0.5);
  expect(fast.msUntilDue(1000.5)).toBe(0);
});

test('activations are small pictures: one pixel per unit, or four channels, from black for the least to white for the largest', () => {
  const units = layerPicture({ layer: 'dense', shape: [5], values: Float32Array.of(0, 1, 2, 4, 2) });
  expect(units).toMatchObject({ width: 3, height: 2 });
  expect([...units.pixels]).toEqual([0, 64, 128, 255, 128]); // there is no sixth unit
  const values = Float32Array.from({ length: 2 * 2 * 4 }, (_, i) => (i % 4) - 1);
  const channels = layerPicture({ layer: 'conv2d', shape: [2, 2, 4], values });
  expect([...channels.pixels]).toEqual([0, 0, 85, 85, 0, 0, 85, 85, 170, 170, 255, 255, 170, 170, 255, 255]);
  const large = layerPicture({ layer: 'conv2d', shape: [224, 224, 64], values: new Float32Array(224 * 224 * 64) });
  expect(large.pixels.length).toBeLessThan(3000);
});
