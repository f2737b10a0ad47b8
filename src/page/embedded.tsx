import { embed, embedParts } from './app/embed.ts';
import { experiment, hashOf, noGpu, view } from './app/state.ts';
import { GradientMap } from './features/map/gradient_map.tsx';
import { NetworkPanel } from './features/network/panel.tsx';
import { PageError } from './features/run/error.tsx';
import { RunBar } from './features/run/panel.tsx';
import { TwinsKey } from './features/run/twins_key.tsx';
import { Panel } from './ui/panel.tsx';
import './embedded.css';

/** The page inside a slide or an article: the requested parts, and a link to the full page. */
export function Embedded() {
  const { parts = embedParts, unknown = [] } = embed ?? {};
  void view.value;
  const url = `${location.pathname}${hashOf(experiment.value)}`;
  return (
    <main id="main" class="embedded">
      <PageError />
      {noGpu.value && <p class="cut">{noGpu.value.what}. Open the whole page to see what to do.</p>}
      {unknown.length > 0 && (
        <p id="unknown-part" class="cut">
          No part is called {unknown.join(', ')}: there are {embedParts.join(', ')}. Shown: {parts.join(', ')}.
        </p>
      )}
      {!noGpu.value && parts.includes('run') && <RunBar />}
      {parts.includes('network') && <NetworkPanel />}
      {parts.includes('map') && (
        <Panel id="gradients" title="Gradients">
          <GradientMap />
          <TwinsKey />
        </Panel>
      )}
      <p class="facts">
        <a id="whole-page" href={url} target="_blank" rel="noopener">
          Change this experiment in wgrad
        </a>
      </p>
    </main>
  );
}
