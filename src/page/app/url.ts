import { batch, effect } from '@preact/signals';
import { embed } from './embed.ts';
import { decode, defaults, encode } from './experiment.ts';
import { datasetIsChosen, experiment, hashOf, pageError, pageErrorOf, view } from './state.ts';
import { readView } from './view.ts';

/** Changes that follow each other closely, as those of a slider do, are one step of the way back. */
const oneChangeMs = 1000;

/**
 * Keeps the page's URL to the experiment, and the experiment to the URL where a link is pasted over it or the browser goes back.
 *
 * @param onFollow is called when the URL has changed the experiment.
 */
export function followUrl(onFollow: () => void): void {
  let lastChange = Number.NEGATIVE_INFINITY;
  let isFollowing = true;
  effect(() => {
    const hash = hashOf(experiment.value);
    const isShowing = Object.values(view.value).some(Boolean);
    const untouched =
      !location.hash && !isShowing && !datasetIsChosen.value && encode(experiment.value) === encode(defaults);
    if (untouched || location.hash === hash) return;
    const now = performance.now();
    // The way back of a page that has this one in it stays its own.
    if (embed || isFollowing || !datasetIsChosen.value || now - lastChange < oneChangeMs)
      history.replaceState(null, '', hash);
    else history.pushState(null, '', hash);
    lastChange = isFollowing ? lastChange : now;
  });
  isFollowing = false;
  addEventListener('hashchange', () => {
    const { experiment: read, refused, named } = decode(location.hash);
    const shown = readView(location.hash);
    isFollowing = true;
    batch(() => {
      experiment.value = read;
      view.value = shown.view;
      datasetIsChosen.value = named;
    });
    isFollowing = false;
    pageError.value = pageErrorOf([...refused, ...shown.refused]);
    onFollow();
  });
}
