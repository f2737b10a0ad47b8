/** Makes an element. Strings become text, never markup, because names come from files. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const painted = new WeakMap<HTMLCanvasElement, ImageData>();

/** Resizes and paints a canvas, and repaints it if the browser has lost its content together with the GPU. */
export function putPixels(canvas: HTMLCanvasElement, image: ImageData): void {
  const paint = () => canvas.getContext('2d')?.putImageData(painted.get(canvas)!, 0, 0);
  if (!painted.has(canvas)) canvas.addEventListener('contextrestored', paint);
  painted.set(canvas, image);
  paint();
}
