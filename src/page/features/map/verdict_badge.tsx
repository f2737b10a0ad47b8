import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { count } from '../../../figures.ts';
import type { VerdictName } from '../../../index.ts';
import { capitalized } from '../../ui/capitalized.ts';
import { withPowers } from '../../ui/numbers.ts';
import type { Run } from '../run/run.ts';
import { verdictSentence } from '../run/shown_step.ts';

/** A 16 x 16 icon for each verdict. The shapes differ, because some users cannot distinguish the colors. */
const icons: Record<VerdictName, string> = {
  healthy: 'M3 8.5L6.5 12L13 4.5',
  // A curve that falls to zero.
  vanishing: 'M2 3V13H14M4.5 4C5.5 10 8 11 13 11',
  // A curve that falls, but not to zero.
  weakening: 'M2 3V13H14M4.5 4.5C7 6 10 8 13 8.5',
  exploding: 'M2 3V13H14M4.5 11.5C9 11 11.5 9 12.5 3',
  symmetric: 'M3 6H13M3 10H13',
  dead: 'M4 4L12 12M12 4L4 12',
  // The flat end of a sigmoid.
  saturated: 'M2 13C6 13 5 4 9 4H14',
  'non-finite': 'M8 2.5V9.5M8 12.5V13.5',
};

export const verdictNames = Object.keys(icons) as readonly VerdictName[];

/** The icon and the word of a verdict. */
export function VerdictMark({ verdict }: { verdict: VerdictName }) {
  return (
    <>
      <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
        <path d={icons[verdict]} />
      </svg>
      {verdict}
    </>
  );
}

export interface VerdictReasonProps {
  run: Run;
  layer: string;
  /** Step that is shown. */
  step: number;
}

/** Since when a layer has had its verdict, its state in the shown step, and the remedies. */
export function VerdictReason({ run, layer, step }: VerdictReasonProps) {
  const found = run.verdictOf(layer, step);
  if (!found) return null;
  const { verdict, remedy } = found;
  const name = capitalized(verdict);
  return (
    <>
      <p>
        <strong>
          {name} since step {count(found.step)}.
        </strong>{' '}
        {withPowers(verdictSentence(run, layer, step))}
      </p>
      {remedy && (
        <p>
          <strong>What usually helps:</strong> {remedy}.
        </p>
      )}
    </>
  );
}

export interface VerdictBadgeProps extends Partial<VerdictReasonProps> {
  id: string;
  layer: string;
  /** Additional content next to the verdict. */
  children?: (verdict: VerdictName) => ComponentChildren;
}

/** A layer's verdict as an icon and a word; hovering or focusing shows the reason, and Escape hides it. */
export function VerdictBadge({ id, run, layer, step, children }: VerdictBadgeProps) {
  const [open, setOpen] = useState(false);
  const verdict = step === undefined ? undefined : run?.verdictOf(layer, step)?.verdict;
  if (!run || !verdict) return <span class="none">{run?.isUnderWay.value ? 'not yet' : '–'}</span>;
  const reason = `reason-${id}`;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keyboard users have the button inside
    <div
      class="verdict-badge"
      onPointerEnter={() => setOpen(true)}
      onPointerLeave={() => setOpen(false)}
      onKeyDown={({ key }) => key === 'Escape' && setOpen(false)}
    >
      <button
        type="button"
        class={`badge ${verdict}`}
        aria-describedby={reason}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onClick={() => setOpen(true)}
      >
        <VerdictMark verdict={verdict} />
      </button>
      {children?.(verdict)}
      <div id={reason} role="tooltip" class="reason" hidden={!open}>
        <VerdictReason run={run} layer={layer} step={step!} />
      </div>
    </div>
  );
}
