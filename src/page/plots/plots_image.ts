/** Pixels of the image per CSS pixel, for use on slides. */
const scale = 2;
const margin = 16;
const heading = 24;
const gap = 16;

/** All plots below an element as one PNG image: the title of each, the lines of its legend, and its curves. */
export function plotsImage(root: ParentNode): Promise<Blob> | undefined {
  const plots = [...root.querySelectorAll('.plot')].flatMap((plot) => {
    const canvas = plot.querySelector('canvas');
    return canvas && canvas.clientWidth > 0 ? [{ plot, canvas }] : [];
  });
  if (!plots.length) return undefined;
  const width = Math.max(...plots.map(({ canvas }) => canvas.clientWidth));
  const height = plots.reduce((sum, { canvas }) => sum + canvas.clientHeight + heading + gap, margin);
  const image = new OffscreenCanvas((width + 2 * margin) * scale, height * scale);
  const context = image.getContext('2d')!;
  const color = (element: Element, property: string) => getComputedStyle(element).getPropertyValue(property);
  context.scale(scale, scale);
  context.fillStyle = color(document.documentElement, '--panel');
  context.fillRect(0, 0, width + 2 * margin, height);
  context.translate(margin, margin);
  context.textBaseline = 'top';
  for (const { plot, canvas } of plots) {
    context.font = '600 14px system-ui, sans-serif';
    context.fillStyle = color(plot, 'color');
    const title = plot.querySelector('h3')?.textContent ?? '';
    context.fillText(title, 0, 0);
    let x = context.measureText(title).width + 24;
    context.font = '13px system-ui, sans-serif';
    for (const entry of plot.querySelectorAll('.legend button[aria-pressed="true"]')) {
      const value = entry.querySelector('.value')?.textContent ?? '';
      context.fillStyle = color(entry.querySelector('.swatch')!, 'stroke');
      const text = entry.textContent!.replace(value, '');
      context.fillText(text, x, 1);
      x += context.measureText(text).width + 16;
    }
    context.drawImage(canvas, 0, heading, canvas.clientWidth, canvas.clientHeight);
    context.translate(0, heading + canvas.clientHeight + gap);
  }
  return image.convertToBlob({ type: 'image/png' });
}
