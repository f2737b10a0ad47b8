import list from './experiments.json';
import type { Thumbnail } from './recorded.ts';
import recorded from './thumbnails.json';

/** An experiment of the gallery: data, so that a new one needs no code. */
export interface GalleryExperiment {
  id: string;
  title: string;
  /** What there is to be seen, in one line. */
  line: string;
  /** The experiment, as the part of the page's URL after the #. */
  parameters: string;
  /** What to do when it has been trained, and the id of the panel where. */
  next?: { text: string; at: string };
}

export const experiments: readonly GalleryExperiment[] = list;

export const thumbnails = recorded as Partial<Record<string, Thumbnail>>;
