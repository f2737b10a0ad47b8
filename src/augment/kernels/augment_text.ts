import { isRecorded } from '../op.ts';
import { isWarped, type Pass } from '../passes.ts';

/** Generates the lines of augment_pixels.wgsl that depend on the pipeline, with or without augmentation. */

/** Formats a number as a WGSL literal. */
export function literal(value: string | number): string {
  if (typeof value === 'string') return value;
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? `${value}.0` : String(value);
}

export const listed = (...args: (string | number)[]) => args.map(literal).join(', ');

/** Whether points outside of the image have a fixed value. */
export const isFilled = (pass: Pass): boolean =>
  isWarped(pass) && ['constant', 'gridConstant'].includes(pass.sampling.fillMode);

/**
 * Calls of a pass' steps, each under the condition that its op is applied. The fill value for points outside of the image is
 * inserted between the steps before and after the warp.
 */
export function stepLines(pass: Pass): string {
  const filters = pass.filter ? [pass.filter] : [];
  const lines = [...filters, ...pass.pixels].map(({ op, step }) => {
    const at = isRecorded(op) ? `record + ${op.at}u` : '0u';
    const call = `value = ${step.call}(${listed('value', at, 'place', ...(step.args ?? []))});`;
    return step.kind === 'pixel' && step.always ? `    ${call}` : `    if (drawn(${at}) != 0.0) { ${call} }`;
  });
  if (isFilled(pass)) lines.splice(pass.pixels.filter(({ inside }) => inside).length, 0, '    value = filled(value);');
  return lines.join('\n');
}

/** How a pass reads its input: through its warp, or directly. */
export function readText(pass: Pass): string {
  return isWarped(pass) ? 'read_warp(place)' : 'pixel_at(place.column, place.row, place)';
}

/** A pixel with a given number of channels in WGSL: its type, an expression for each channel, and the lines that store it in y. */
export function pixelText(channels: number): {
  type: string;
  each: (channel: (c: string, component: string) => string) => string;
  store: string;
} {
  if (channels === 1) return { type: 'f32', each: (channel) => channel('0u', ''), store: '    y[pixel] = value;' };
  const all = Array.from({ length: channels }, (_, c) => c);
  return {
    type: `vec${channels}f`,
    each: (channel) => `Pixel(${all.map((c) => channel(`${c}u`, `[${c}]`)).join(', ')})`,
    store: all.map((c) => `    y[pixel * channels + ${c}u] = value[${c}];`).join('\n'),
  };
}
