import { batch, effect } from '@preact/signals';
import { embed } from './embed.ts';
import { decode } from './experiment_url.ts';
import { datasetIsChosen, experiment, hashOf, isUntouched, pageError, pageErrorOf, view } from './state.ts';
import { readView } from './view.ts';

/** Changes that follow each other within this time, such as those of a slider, are one entry of the browser's history. */
const oneChangeMs = 1000;

/**
 * Keeps the page's URL and the experiment in sync: the URL follows the experiment, and the experiment follows a pasted link or the
 * browser's back button.
 *
 * @param onFollow called when the URL has changed the experiment.
 */
export function followUrl(onFollow: () => void): void {
  let lastChange = Number.NEGATIVE_INFINITY;
  let isFollowing = true;
  effect(() => {
    const hash = hashOf(experiment.value);
    const isShowing = Object.values(view.value).some(Boolean);
    if ((!location.hash && !isShowing && isUntouched.value) || location.hash === hash) return;
    const now = performance.now();
    // An embedded page must not add entries to the history of the page around it.
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
