/** The style of a line: a color of style.css, and dashes, so that two lines never differ in color only. */
export interface LineStyle {
  /** A custom property of style.css, which defines it for light and for dark mode. */
  color: string;
  /** Lengths of dashes and gaps in pixels; empty for a solid line. */
  dash: readonly number[];
}

const colors = ['--curve-1', '--curve-2', '--curve-3', '--curve-4', '--curve-5', '--curve-6'];
const dashes = [[], [9, 4], [2, 3], [9, 3, 2, 3], [5, 3]];

/** The style of line `index` of a plot; the first thirty differ. */
export const styleOf = (index: number): LineStyle => ({
  color: colors[index % colors.length]!,
  dash: dashes[index % dashes.length]!,
});

/**
 * Shades of each twin's color, blue for A and orange for B: the color distinguishes the twins, the dashes the figures or layers.
 */
const twinColors = {
  A: ['--twin-a', '--twin-a-2', '--twin-a-3'],
  B: ['--twin-b', '--twin-b-2', '--twin-b-3'],
} as const;

export const twinStyleOf = (twin: 'A' | 'B', index: number): LineStyle => ({
  color: twinColors[twin][Math.floor(index / dashes.length) % twinColors[twin].length]!,
  dash: dashes[index % dashes.length]!,
});

/** A short segment of the line, for a legend or a table. */
export function swatch({ color, dash }: LineStyle, mark = false): SVGSVGElement {
  const svg = svgElement('svg', { class: 'swatch', viewBox: '0 0 28 10', 'aria-hidden': 'true' });
  svg.append(svgElement('line', { x1: '1', x2: '27', y1: '5', y2: '5', 'stroke-dasharray': dash.join(' ') }));
  if (mark) svg.append(svgElement('path', { d: diamond(14, 5, 4) }));
  svg.style.setProperty('--line-color', `var(${color})`);
  return svg;
}

/** The path of a diamond shape. */
export const diamond = (x: number, y: number, size: number): string =>
  `M${x} ${y - size}L${x + size} ${y}L${x} ${y + size}L${x - size} ${y}Z`;

function svgElement<Tag extends keyof SVGElementTagNameMap>(tag: Tag, attributes: Record<string, string>) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
