import type { LineStyle } from './line_style.ts';

/** A short segment of a plot's line, for a table. */
export function Swatch({ style: { color, dash } }: { style: LineStyle }) {
  return (
    <svg class="swatch" viewBox="0 0 28 10" aria-hidden="true" style={{ '--line-color': `var(${color})` }}>
      <line x1="1" x2="27" y1="5" y2="5" stroke-dasharray={dash.join(' ')} />
    </svg>
  );
}
