import type { Line, Looks } from '../../plots/lines.ts';
import { lookOf, twinLookOf } from '../../plots/look.ts';
import { type Run, twinsOf } from './run.ts';

/**
 * The lines of a run, or of both twins: a figure has the same dashes in both, in the color of its twin.
 *
 * @param of makes the lines of one run.
 */
export function withTwin(run: Run, of: (run: Run, look: Looks) => Line[]): Line[] {
  if (!run.beside) return of(run, lookOf);
  return twinsOf(run).flatMap(({ name: twin, run: one }) => {
    const lines = of(one, (index) => twinLookOf(twin as 'A' | 'B', index));
    return lines.map((line) => ({ ...line, name: `${twin} ${line.name}` }));
  });
}
