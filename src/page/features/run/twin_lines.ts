import type { Line, Looks } from '../../plots/lines.ts';
import { colorCount, lookOf, twinLookOf } from '../../plots/look.ts';
import { type Run, twinsOf } from './run.ts';

/**
 * The lines of a run, and of the one that is trained beside it: B's are dashed, and of other colours while there are enough.
 *
 * @param of makes the lines of one run.
 */
export function withTwin(run: Run, of: (run: Run, look: Looks) => Line[]): Line[] {
  if (!run.beside) return of(run, lookOf);
  let used = 0;
  return twinsOf(run).flatMap(({ name: twin, run: one }) => {
    const first = twin === 'B' && 2 * used <= colorCount ? used : 0;
    const lines = of(one, (index) => {
      if (twin === 'A') used = Math.max(used, index + 1);
      return twinLookOf(twin as 'A' | 'B', first + index);
    });
    return lines.map((line) => ({ ...line, name: `${twin} ${line.name}` }));
  });
}
