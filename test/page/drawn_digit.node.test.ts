import { expect, test } from 'vitest';
import { placeDrawing, placingFor } from '../../src/page/features/predict/drawn_digit.ts';

const side = 100;

/** A block of ink on an empty canvas. */
function block(left: number, top: number, width: number, height: number, onto = new Uint8Array(side * side)) {
  for (let y = top; y < top + height; y++) onto.fill(255, y * side + left, y * side + left + width);
  return onto;
}

const rows = (image: Uint8Array, width: number) =>
  Array.from({ length: image.length / width }, (_, y) => [...image.subarray(y * width, (y + 1) * width)]);

test('as in MNIST: 20 pixels high, with the aspect ratio kept, and centered, wherever and however large it was drawn', () => {
  const placed = rows(placeDrawing(block(3, 10, 10, 40), side, [28, 28, 1], placingFor(28)), 28);
  const [ys, xs] = [
    placed.flatMap((row, y) => (row.some(Boolean) ? [y] : [])),
    placed[14]!.flatMap((v, x) => (v ? [x] : [])),
  ];
  expect([ys[0], ys.length]).toEqual([4, 20]);
  expect([xs[0], xs.length]).toEqual([12, 5]); // 2.5 + 0.5 pixels to one side, rounded up.
  expect(placed[14]![14]).toBe(255);
  expect(placeDrawing(block(50, 20, 20, 80), side, [28, 28, 1], placingFor(28))).toEqual(
    placeDrawing(block(3, 10, 10, 40), side, [28, 28, 1], placingFor(28)),
  );
});

test('the center of mass is placed at the center, not that of the bounding box', () => {
  const heavyFoot = block(10, 70, 60, 20, block(10, 10, 10, 60)); // An L.
  const image = placeDrawing(heavyFoot, side, [28, 28, 1], placingFor(28));
  let [x, y, sum] = [0, 0, 0];
  image.forEach((value, i) => {
    x += value * ((i % 28) + 0.5);
    y += value * (Math.floor(i / 28) + 0.5);
    sum += value;
  });
  expect(Math.abs(x / sum - 14)).toBeLessThanOrEqual(0.5);
  expect(Math.abs(y / sum - 14)).toBeLessThanOrEqual(0.5);
});

test('a pixel is the mean of the area that it covers', () => {
  const half = new Uint8Array(16 * 16);
  for (let y = 0; y < 16; y++) for (let x = 0; x < 16; x++) if ((x + y) % 2) half[y * 16 + x] = 200;
  expect(new Set(placeDrawing(half, 16, [8, 8, 1], placingFor(8)))).toEqual(new Set([100]));
});

test('digits of 8 x 8 fill the image, all channels are equal, and an empty drawing gives an empty image', () => {
  const placed = placeDrawing(block(30, 30, 20, 40), side, [8, 8, 3], placingFor(8));
  expect(rows(placed, 24)[0]!.slice(6, 18)).toEqual(new Array(12).fill(255));
  expect(rows(placed, 24)[7]!.slice(0, 6)).toEqual(new Array(6).fill(0));
  expect(placeDrawing(new Uint8Array(side * side), side, [28, 28, 1], placingFor(28)).some(Boolean)).toBe(false);
});
