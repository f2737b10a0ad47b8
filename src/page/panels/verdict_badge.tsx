import { useState } from 'preact/hooks';
import { count } from '../../figures.ts';
import type { Verdict, VerdictName } from '../../index.ts';

/** An icon for each verdict, 16 by 16: shapes that differ, because colour alone tells nothing to some. */
const icons: Record<VerdictName, string> = {
  healthy: 'M3 8.5L6.5 12L13 4.5',
  // Down to nothing, up and away.
  vanishing: 'M2 3V13H14M4.5 4C5.5 10 8 11 13 11',
  exploding: 'M2 3V13H14M4.5 11.5C9 11 11.5 9 12.5 3',
  dead: 'M4 4L12 12M12 4L4 12',
  // The flat end of a curve.
  saturated: 'M2 13C6 13 5 4 9 4H14',
  'non-finite': 'M8 2.5V9.5M8 12.5V13.5',
};

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

/** What a verdict is based on, and what helps. */
export function VerdictReason({ verdict: { sentence, remedy, step, epoch } }: { verdict: Verdict }) {
  return (
    <>
      <p>
        Since step {count(step)}, epoch {count(epoch)}: {sentence}.
      </p>
      {remedy && (
        <p>
          <strong>What usually helps:</strong> {remedy}.
        </p>
      )}
    </>
  );
}

export interface VerdictBadgeProps {
  layer: string;
  verdict: Verdict | undefined;
  /** There may be one soon. */
  waiting: boolean | undefined;
}

/** A layer's verdict at a glance; its reason for whoever points at it, or comes by keyboard. Escape puts that away. */
export function VerdictBadge({ layer, verdict, waiting }: VerdictBadgeProps) {
  const [open, setOpen] = useState(false);
  if (!verdict) return <span class="none">{waiting ? 'not yet' : '–'}</span>;
  const id = `reason-${layer}`;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button inside does all of it by keyboard
    <div
      class="verdict-badge"
      onPointerEnter={() => setOpen(true)}
      onPointerLeave={() => setOpen(false)}
      onKeyDown={({ key }) => key === 'Escape' && setOpen(false)}
    >
      <button
        type="button"
        class={`badge ${verdict.verdict}`}
        aria-describedby={id}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onClick={() => setOpen(true)}
      >
        <VerdictMark verdict={verdict.verdict} />
      </button>
      <div id={id} role="tooltip" class="reason" hidden={!open}>
        <VerdictReason verdict={verdict} />
      </div>
    </div>
  );
}
