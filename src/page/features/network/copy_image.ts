import { download } from '../../ui/download.ts';
import type { Layout } from './layout.ts';
import { paintNetwork, paletteOf, type Scene } from './paint.ts';

interface Drawn {
  layout: Layout;
  scene: () => Scene;
  title: string;
}

const margin = 16;
const heading = 28;
/** Pixels of the image to one of the page: for slides. */
const scale = 2;

/** Puts the drawings on the clipboard as one PNG image, or hands it out as a file. @returns what has become of it, in words. */
export async function copyImage(drawn: ReadonlyMap<string, Drawn>): Promise<string> {
  const blob = await imageOf([...drawn.values()]);
  try {
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
    return 'Copied.';
  } catch {
    // Not every browser lets a page write images, and no page that has lost the focus may.
    download(blob, 'wgrad-network.png');
    return 'Saved as wgrad-network.png.';
  }
}

function imageOf(drawings: readonly Drawn[]): Promise<Blob> {
  const width = Math.max(...drawings.map(({ layout }) => layout.width)) + 2 * margin;
  const height = drawings.reduce((sum, { layout }) => sum + layout.height + heading, margin);
  const canvas = new OffscreenCanvas(width * scale, height * scale);
  const context = canvas.getContext('2d')!;
  const palette = paletteOf(document.documentElement);
  context.scale(scale, scale);
  context.fillStyle = palette.panel;
  context.fillRect(0, 0, width, height);
  context.translate(margin, 0);
  for (const { layout, scene, title } of drawings) {
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
