import { base64 } from '../../formats/base64.ts';
import { sourceOfImages } from '../../image_source.ts';
import { createAugmenter, type Dataset, type Gpu, type Sheet, takeApart } from '../../index.ts';
import type { Pictures, SheetOrder } from './protocol.ts';

/** Height of a part's title in pixels. */
const titleHeight = 22;

interface Part extends Sheet {
  title?: string;
}

/** Draws the requested sheet and its single images on canvases, which can draw text and encode PNG. */
export async function drawSheet(gpu: Gpu, dataset: Dataset, order: SheetOrder): Promise<Pictures> {
  const { imageShape } = dataset;
  const { augmentation, seed, draws, each, singles } = order;
  const rows = Uint32Array.from({ length: Math.min(order.images, dataset.count) }, (_, i) => i);
  const originals = await sourceOfImages(dataset).read(rows);
  const parts: Part[] = [];
  for (const { title, augmentation: one } of each ? takeApart(augmentation) : [{ title: undefined, augmentation }]) {
    const augmenter = createAugmenter(gpu, { imageShape, augmentation: one, seed });
    parts.push({ ...(await augmenter.sheet(originals, { draws })), title });
    augmenter.dispose();
  }
  const whole = compose(parts);
  return { sheet: await png(whole), singles: singles ? await cutOut(parts) : [] };
}

/** Stacks the parts vertically, each with its title. */
function compose(parts: readonly Part[]): OffscreenCanvas {
  const above = (part: Part) => (part.title ? titleHeight : 0);
  const width = Math.max(...parts.map((part) => part.width));
  const height = parts.reduce((sum, part) => sum + part.height + above(part), 0);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d')!;
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, height);
  context.fillStyle = 'black';
  context.font = '14px sans-serif';
  context.textBaseline = 'middle';
  let top = 0;
  for (const part of parts) {
    if (part.title) context.fillText(part.title, part.cell.gap, top + titleHeight / 2 + 2);
    context.putImageData(new ImageData(part.data, part.width, part.height), 0, top + above(part));
    top += part.height + above(part);
  }
  return canvas;
}

/** Each cell as a separate picture, named by its part, image and draw; draw 0 is the original. */
async function cutOut(parts: readonly Part[]): Promise<Pictures['singles']> {
  const singles: Pictures['singles'] = [];
  for (const { title, data, width, height, cell, rows, columns } of parts) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const canvas = new OffscreenCanvas(cell.width, cell.height);
        const [left, top] = [column, row].map(
          (n, axis) => cell.gap + n * ((axis ? cell.height : cell.width) + cell.gap),
        );
        canvas.getContext('2d')!.putImageData(new ImageData(data, width, height), -left!, -top!);
        const name = [title, `image${row}`, column === 0 ? 'original' : `draw${column}`].filter(Boolean).join('_');
        singles.push({ name, png: await png(canvas) });
      }
    }
  }
  return singles;
}

async function png(canvas: OffscreenCanvas): Promise<string> {
  return base64(new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer()));
}
