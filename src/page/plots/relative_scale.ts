import { signal } from '@preact/signals';
import { colorTable, fine } from './ramp.ts';
import { relativePlace } from './relative_place.ts';
// Imported here, since the colors are read as soon as this module is there: Vite's development server adds styles in the order of imports.
import './relative_scale.css';

/** Colors of the relative gradient: 1 in the middle, what vanishes to the left of it and what explodes to the right. */

/** Custom properties of relative_scale.css, which has them for light and for dark. */
const stops = Array.from({ length: 9 }, (_, i) => `--relative-${i}`);

const darkness = matchMedia('(prefers-color-scheme: dark)');
/** The colors that there are now: whoever paints with them reads it, to paint again when they change. */
export const relativeTable = signal(tableOfStyle());

export function followDarkness(): void {
  darkness.addEventListener('change', () => {
    relativeTable.value = tableOfStyle();
  });
}

function tableOfStyle(): Uint32Array {
  const style = getComputedStyle(document.documentElement);
  return colorTable(stops.map((stop) => Number.parseInt(style.getPropertyValue(stop).trim().slice(1), 16)));
}

/** The color at a place of the scale, from -1 to 1. */
export const relativeColorAt = (place: number): number =>
  relativeTable.value[Math.round(((place + 1) / 2) * (fine - 1))]!;

export const relativeColor = (value: number): number => relativeColorAt(relativePlace(value));
