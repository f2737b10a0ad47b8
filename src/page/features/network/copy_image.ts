import { download } from '../../ui/download.ts';
import type { Layout } from './layout.ts';
import { paintNetwork, paletteOf, type Scene } from './paint.ts';

/** A drawing in its current state. */
export interface Drawn {
  layout: Layout;
  scene: () => Scene;
}

const margin = 16;
const heading = 28;
/** Pixels of the image per CSS pixel, for use on slides. */
const scale = 2;

/**
 * Copies the drawings to the clipboard as one PNG image, or saves it as a file.
 *
 * @param drawn by their titles. @returns a sentence that says where the image is.
 */
export async function copyImage(drawn: ReadonlyMap<string, Drawn>): Promise<string> {
  const blob = await imageOf(drawn);
  try {
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
    return 'Copied.';
  } catch {
    // Not every browser lets a page write images to the clipboard, and the page must have the focus.
    download(blob, 'wgrad-network.png');
    return 'Saved as wgrad-network.png.';
  }
}

function imageOf(drawn: ReadonlyMap<string, Drawn>): Promise<Blob> {
  const layouts = [...drawn.values()].map(({ layout }) => layout);
  const width = Math.max(...layouts.map((layout) => layout.width)) + 2 * margin;
  const height = layouts.reduce((sum, layout) => sum + layout.height + heading, margin);
  const canvas = new OffscreenCanvas(width * scale, height * scale);
  const context = canvas.getContext('2d')!;
  const palette = paletteOf(document.documentElement);
  context.scale(scale, scale);
  context.fillStyle = palette.panel;
  context.fillRect(0, 0, width, height);
  context.translate(margin, 0);
  for (const [title, { layout, scene }] of drawn) {
    context.font = '600 14px system-ui, sans-serif';
    context.textAlign = 'left';
    context.textBaseline = 'alphabetic';
    context.fillStyle = palette.ink;
    context.fillText(title, 0, heading - 8);
    context.translate(0, heading);
    paintNetwork(context, layout, scene(), palette);
    context.translate(0, layout.height);
  }
  return canvas.convertToBlob({ type: 'image/png' });
}
