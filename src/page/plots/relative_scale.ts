import { signal } from '@preact/signals';
import { colorTable, fine } from './ramp.ts';
import { relativePlace } from './relative_place.ts';
// Imported here, because the colors are read when this module is evaluated: Vite's development server adds styles in the order of
// imports.
import './relative_scale.css';

/** Colors of the relative gradient: 1 is in the middle, vanishing on the left and exploding on the right. */

/** Custom properties of relative_scale.css, which defines them for light and for dark mode. */
const stops = Array.from({ length: 9 }, (_, i) => `--relative-${i}`);

const darkness = matchMedia('(prefers-color-scheme: dark)');
/** The current colors. Code that paints with them reads this signal, so that it repaints when they change. */
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

/** The color at a position of the scale, from -1 to 1. */
export const relativeColorAt = (place: number): number =>
  relativeTable.value[Math.round(((place + 1) / 2) * (fine - 1))]!;

export const relativeColor = (value: number): number => relativeColorAt(relativePlace(value));
