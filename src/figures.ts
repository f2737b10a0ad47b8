/** Formats numbers for people: in the command's tables and on the page. */

/** Four significant digits at any magnitude: 0.01234, 12.34, 1.234e-7. */
export function figure(value: number | undefined): string {
  if (value === undefined) return '';
  if (value === 0) return '0';
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e-4 && size < 1e6 ? Number(value.toPrecision(4)).toString() : value.toExponential(3);
}

/** Three significant digits, for values that are hardly more precise. */
export const roughFigure = (value: number): string => figure(Number(value.toPrecision(3)));

export const fixed = (value: number | undefined, digits = 4) => value?.toFixed(digits) ?? '';

/** Formats a fraction from 0 to 1 as a percentage: 94.9 %. */
export const percent = (share: number): string => `${fixed(100 * share, 1)} %`;

const thousands = new Intl.NumberFormat('en');
export const count = (value: number) => thousands.format(value);

/** 1 epoch, 2,000 epochs. @param plural the plural if it isn't the singular with an s. */
export const counted = (value: number, what: string, plural = `${what}s`) =>
  `${count(value)} ${value === 1 ? what : plural}`;

/** 25.0 KiB, 12.3 MiB, 1.25 GiB */
export const byteWords = (bytes: number) =>
  bytes < 2 ** 20
    ? `${fixed(bytes / 2 ** 10, 1)} KiB`
    : bytes < 2 ** 30
      ? `${fixed(bytes / 2 ** 20, 1)} MiB`
      : `${fixed(bytes / 2 ** 30, 2)} GiB`;

/** 12.3 ms, 4.1 s */
export const duration = (ms: number) => (ms < 1000 ? `${fixed(ms, 1)} ms` : `${fixed(ms / 1000, 1)} s`);

/** 0:07, 12:30, 1:02:03 */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, place) => (place ? String(part).padStart(2, '0') : part)).join(':');
}
