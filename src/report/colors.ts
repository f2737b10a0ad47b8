/** The twins' colors: two of Okabe and Ito's, which people with any kind of color blindness can distinguish. */
export const twinColors = { a: '#0072b2', b: '#d55e00' };

/** Viridis (van der Walt and Smith 2015) at nine equal intervals: its lightness increases monotonically, in gray too. */
const viridis = ['440154', '472d7b', '3b528b', '2c728e', '21918c', '28ae80', '5ec962', 'addc30', 'fde725'].map((hex) =>
  [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)),
);

/** The color of a value from 0 to 1. */
export function rampColor(share: number): string {
  const at = Math.max(0, Math.min(1, share)) * (viridis.length - 1);
  const index = Math.min(viridis.length - 2, Math.floor(at));
  const mixed = viridis[index]!.map((part, i) => Math.round(part + (at - index) * (viridis[index + 1]![i]! - part)));
  return `#${mixed.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}
