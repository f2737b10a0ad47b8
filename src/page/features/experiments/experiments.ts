import list from './experiments.json';
import type { Thumbnail } from './recorded.ts';
import recorded from './thumbnails.json';

/** An experiment of the gallery, as data, so that a new one needs no code. */
export interface GalleryExperiment {
  id: string;
  title: string;
  /** One-line description of the effect that the experiment shows. */
  line: string;
  /** The experiment, as the fragment of the page's URL. */
  parameters: string;
  /** What to look at while it trains. */
  watch: string;
  /** A suggestion after training: `then` is the id of another experiment, which it trains, or `try`, which opens Try it. */
  next: { text: string; then: string };
}

export const experiments: readonly GalleryExperiment[] = list;

export const thumbnails = recorded as Partial<Record<string, Thumbnail>>;
