import { clock, count, counted } from '../../figures.ts';

/** The last or current activity. Only the status line turns it into words, and no code reads those words. */
export type Status =
  /** Nothing has happened yet. */
  | { is: 'idle' }
  /** The run's images are being loaded and its shaders compiled. */
  | { is: 'starting' }
  | { is: 'training'; twins?: boolean | undefined }
  /** Which of several pairs of twins is being trained. */
  | { is: 'pair'; number: number; of: number }
  /** An epoch has ended. @param validated a text with its validation results. */
  | { is: 'epoch'; epoch: number; epochs: number; validated?: string | undefined }
  /** The run pauses after the current step, or before the first. */
  | { is: 'pausing'; beforeFirst: boolean }
  | { is: 'paused'; steps: number; twins: boolean }
  | { is: 'stopping' }
  /** The learning rate changes from this step on. */
  | { is: 'rate'; rate: string; step: number }
  /** The GPU was lost and is being reopened. */
  | { is: 'lost'; steps: number }
  /** One of the twins broke off; the other continues. */
  | { is: 'broke'; twin: string; step: number; layer: string }
  | Ended
  /** @param validated a text with the validation results of the pair that is shown. */
  | { is: 'compared'; pairs: number; validated?: string | undefined }
  | { is: 'failed'; steps: number }
  | { is: 'failed-twins' }
  /** A run is being loaded from a file, now or after the current one. @param next whether it waits for the current one. */
  | { is: 'loading'; file: string; next?: boolean }
  | { is: 'reading'; files: number }
  /** Any other activity, described in a sentence. */
  | { is: 'message'; text: string };

interface Ended {
  is: 'ended';
  steps: number;
  seconds: number;
  /** Stopped by the user. */
  stopped: boolean;
  /** Whether the run trained twins. */
  twins?: boolean;
  early?: { epoch: number; monitor: string; bestEpoch?: number | undefined } | undefined;
  validated?: string | undefined;
  skipped?: number | undefined;
  /** Sentences about streamed images. */
  images?: readonly string[] | undefined;
}

const steps = (number: number) => counted(number, 'step');

/** The status in words; empty if there is nothing to say. */
export function textOf(status: Status): string {
  switch (status.is) {
    case 'idle':
      return '';
    case 'starting':
      return 'Fetching the images, compiling the shaders…';
    case 'training':
      return status.twins ? 'Training both.' : 'Training.';
    case 'pair':
      return status.of > 1 ? `Training pair ${status.number} of ${status.of}.` : 'Training both, side by side.';
    case 'epoch':
      return `Epoch ${status.epoch} of ${status.epochs}${status.validated ? `: validation ${status.validated}` : ''}.`;
    case 'pausing':
      return status.beforeFirst ? 'Pausing before the first step…' : 'Pausing after this step…';
    case 'paused':
      return `Paused after ${steps(status.steps)}${status.twins ? ' of both' : ''}.`;
    case 'stopping':
      return 'Stopping after this step…';
    case 'rate':
      return `Learning rate ${status.rate} from step ${count(status.step)} on, or a few later.`;
    case 'lost':
      return `The GPU was lost after ${steps(status.steps)}. Opening it again…`;
    case 'broke':
      return `${status.twin} ended early at step ${count(status.step)}: ${status.layer} was not finite.`;
    case 'ended':
      return textOfEnd(status);
    case 'compared':
      return `Compared: ${status.pairs === 1 ? 'one pair' : counted(status.pairs, 'pair')}.${status.validated ? ` Validation ${status.validated}.` : ''}`;
    case 'failed':
      return `The run ended with an error after ${steps(status.steps)}.`;
    case 'failed-twins':
      return 'The twins ended with an error.';
    case 'loading':
      return `Loading ${status.file}${status.next ? ' next' : ''}…`;
    case 'reading':
      return `Reading ${counted(status.files, 'file')}…`;
    case 'message':
      return status.text;
  }
}

function textOfEarly({ epoch, monitor, bestEpoch }: NonNullable<Ended['early']>): string {
  const best = bestEpoch === undefined ? '' : `: ${monitor} was best in epoch ${bestEpoch}`;
  return `Stopped early after epoch ${epoch}${best}.`;
}

function textOfEnd({ steps: done, seconds, stopped, twins, early, validated, skipped, images = [] }: Ended): string {
  const sentences = [
    early && textOfEarly(early),
    stopped ? `Stopped after ${steps(done)}${twins ? ' of both' : ''}.` : `Done in ${clock(seconds)}.`,
    validated && `Validation ${validated}.`,
    skipped && `Skipped ${counted(skipped, 'step')} with numbers that are not finite.`,
    ...images,
  ];
  return sentences.filter(Boolean).join(' ');
}
