import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { Painter } from './painter.ts';

/** Size of a canvas in device pixels. */
export interface Size {
  width: number;
  height: number;
  /** Device pixels per CSS pixel. */
  scale: number;
}

/**
 * Paints a canvas after each render of its component, and when its size changes. Scheduled by painter.ts, it uses the data that are
 * current by then.
 *
 * @param work called with the canvas's size on the screen. @param together see Painter.
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
    // The observer provides the size: reading it from the canvas would force a layout.
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

/** Gives a canvas one pixel per device pixel. */
export function sizeTo(canvas: HTMLCanvasElement, { width, height }: Size): void {
  // Setting the size clears the canvas, even if it is the same.
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}
