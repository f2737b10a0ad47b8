import { count, counted } from '../figures.ts';
import type { ChangeReport, TimeChange } from './changed_shader.ts';

/** Maximum number of failed checks to show; further ones usually fail for the same reason. */
const mostShown = 3;

/** Sentence for a change after which every check passed. */
export const checkedText = ({ kernels, checks }: ChangeReport): string =>
  `${kernels.join(', ')}: ${counted(checks, 'check')}, all within the bounds of the float64 twin`;

/** Number of failed checks, and the errors of the first ones. */
export function wrongText({ checks, wrong }: ChangeReport): string[] {
  const shown = wrong.slice(0, mostShown);
  return [
    `${count(wrong.length)} of ${counted(checks, 'check')} differ from the float64 twin by more than rounding`,
    ...shown.map(({ kernel, variant, shape, error }) => `${kernel}${variant && ` (${variant})`} at ${shape}: ${error}`),
    ...(wrong.length > mostShown ? [`and ${count(wrong.length - mostShown)} more`] : []),
  ];
}

/** Describes how a time compares to the previous one. */
export function changeText({ before, beforeSpread, now, nowSpread }: TimeChange): string {
  if (!(before > 0 && now > 0)) return 'too short to time';
  const percent = (100 * (now - before)) / before;
  const text = `${percent > 0 ? '+' : ''}${percent.toFixed(1)} %`;
  return Math.abs(now - before) > beforeSpread + nowSpread ? text : `${text}, within the spread`;
}
