import { styleOf, twinStyleOf } from '../../plots/line_style.ts';
import type { Line, LineStyles } from '../../plots/lines.ts';
import { type Run, twinsOf } from './run.ts';

/**
 * The lines of a run, or of both twins: a figure has the same dashes in both, and each twin has its own color.
 *
 * @param of makes the lines of one run.
 */
export function withTwin(run: Run, of: (run: Run, style: LineStyles) => Line[]): Line[] {
  if (!run.twinB) return of(run, styleOf);
  return twinsOf(run).flatMap(({ name: twin, run: one }) => {
    const lines = of(one, (index) => twinStyleOf(twin as 'A' | 'B', index));
    return lines.map((line) => ({ ...line, name: `${twin} ${line.name}` }));
  });
}
