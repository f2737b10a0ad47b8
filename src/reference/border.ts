import type { BorderShape } from '../kernels/border.ts';

type Numbers = ArrayLike<number>;

/** Visits every element of the image with its element in the bordered image. */
function visit(s: BorderShape, f: (inside: number, withBorder: number) => void): void {
  let inside = 0;
  for (let n = 0; n < s.batch; n++) {
    for (let row = 0; row < s.height; row++) {
      for (let column = 0; column < s.width; column++) {
        const outerRow = n * (s.top + s.height + s.bottom) + s.top + row;
        const pixel = outerRow * (s.left + s.width + s.right) + s.left + column;
        for (let c = 0; c < s.channels; c++) f(inside++, pixel * s.channels + c);
      }
    }
  }
}

/** y[n,oy,ox,c] = x[n, oy-top, ox-left, c], and 0 around it. */
export function zeroPadding2d(s: BorderShape, { x }: { x: Numbers }): { y: Float64Array } {
  const rows = s.batch * (s.top + s.height + s.bottom);
  const y = new Float64Array(rows * (s.left + s.width + s.right) * s.channels);
  visit(s, (inside, withBorder) => {
    y[withBorder] = x[inside]!;
  });
  return { y };
}

/** y[n,oy,ox,c] = x[n, oy+top, ox+left, c] */
export function cropping2d(s: BorderShape, { x }: { x: Numbers }): { y: Float64Array } {
  const y = new Float64Array(s.batch * s.height * s.width * s.channels);
  visit(s, (inside, withBorder) => {
    y[inside] = x[withBorder]!;
  });
  return { y };
}
