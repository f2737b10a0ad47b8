import { count } from '../../../figures.ts';
import { twinStyleOf } from '../../plots/line_style.ts';
import { Swatch } from '../../plots/swatch.tsx';
import { twinsOf } from './run.ts';
import { run } from './state.ts';
import './twins_key.css';

/** A legend for the twins: the values in which they differ, and their line styles. */
export function KeyOfTwins() {
  const shown = run.value;
  shown?.events.value;
  if (!shown?.twinB) return null;
  return (
    <ul class="twins-key" aria-label="What the twins differ in">
      {twinsOf(shown).map(({ name, run: { way, brokeAt } }) => (
        <li key={name}>
          <Swatch style={twinStyleOf(name as 'A' | 'B', 0)} />
          <strong>{name}</strong> {way}
          {brokeAt !== undefined && <em>, ended early at step {count(brokeAt)}: its numbers were not finite</em>}
        </li>
      ))}
      <li class="rest">
        Everything else is the same.{shown.pair && ` Pair ${shown.pair.number} of ${shown.pair.of} is shown.`}
      </li>
    </ul>
  );
}
