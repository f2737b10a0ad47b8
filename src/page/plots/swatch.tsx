import { lookOf } from './look.ts';

/** A short piece of the line `index` of a plot, for a table. */
export function Swatch({ index }: { index: number }) {
  const { color, dash } = lookOf(index);
  return (
    <svg class="swatch" viewBox="0 0 28 10" aria-hidden="true" style={{ '--look': `var(${color})` }}>
      <line x1="1" x2="27" y1="5" y2="5" stroke-dasharray={dash.join(' ')} />
    </svg>
  );
}
