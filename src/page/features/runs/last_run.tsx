import { focusTrain } from '../run/focus_train.ts';
import { describe, discard, lastRun, openKept } from './model.ts';
import './style.css';

/** Offers to reopen the last run of an earlier visit. */
export function LastRun() {
  const kept = lastRun.value;
  if (!kept) return null;
  const leave = (work: () => Promise<void>) => {
    focusTrain(); // this component disappears
    work();
  };
  return (
    <section id="last-run" class="panel last-run" aria-label="Your last run">
      <p>
        <strong>Your last run:</strong> {describe(kept)}, <Time date={kept.date} />
      </p>
      <button id="open-last" type="button" class="primary" onClick={() => leave(() => openKept(kept))}>
        Open
      </button>
      <button id="discard-last" type="button" class="quiet" onClick={() => leave(() => discard(kept.id))}>
        Discard
      </button>
    </section>
  );
}

export const Time = ({ date }: { date: number }) => (
  <time dateTime={new Date(date).toISOString()}>
    {new Date(date).toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short' })}
  </time>
);
