import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { Painter } from './painter.ts';

/** Device pixels that a canvas covers. */
export interface Size {
  width: number;
  height: number;
  /** Device pixels to a pixel of the page. */
  scale: number;
}

/**
 * Paints a canvas after each drawing of its component, and when style gives it another size; when its turn has come
 * (painter.ts), with what there is by then.
 *
 * @param work gets the size that the canvas has on the screen. @param together see Painter.
 */
export function usePainting(
  work: (canvas: HTMLCanvasElement, size: Size) => void,
  together?: string,
): RefObject<HTMLCanvasElement | null> {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef(work);
  latest.current = work;
  const painter = useRef<Painter | undefined>(undefined);
  useEffect(() => {
    const element = canvas.current!;
    let size: Size | undefined;
    const paint = () => {
      if (size) latest.current(element, size);
    };
    const made = new Painter(element, paint, together);
    painter.current = made;
    // The observer knows the size: to ask the canvas for it would force a layout.
    const sizes = new ResizeObserver(([entry]) => {
      const scale = Math.max(1, Math.round(devicePixelRatio));
      const { width, height } = entry!.contentRect;
      size = {
        width: Math.max(1, Math.round(width) * scale),
        height: Math.max(1, Math.round(height) * scale),
        scale,
      };
      made.ask();
    });
    sizes.observe(element);
    return () => {
      sizes.disconnect();
      made.dispose();
    };
  }, []);
  useLayoutEffect(() => painter.current?.ask());
  return canvas;
}

/** Gives a canvas a pixel for each that it covers. */
export function sizeTo(canvas: HTMLCanvasElement, { width, height }: Size): void {
  // Setting a size clears the canvas, even where it is the same.
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}
