import type { ComponentChildren } from 'preact';
import { describeAdapter } from '../index.ts';
import { embedCode } from './app/embed.ts';
import { adapter, hashOf, isKeptOffline, noGpu, say } from './app/state.ts';
import { OpenRunFile } from './features/run/open_run_file.tsx';
import { run } from './features/run/state.ts';
import './header.css';

/** URL of the repository. */
const source = 'https://github.com/wgrad/wgrad';

/** The page's title, and actions that apply to the whole page. @param props.children another action. */
export function Header({ children }: { children?: ComponentChildren }) {
  return (
    <header>
      <h1>
        <span class="brand">wgrad</span> Watch gradients vanish.
      </h1>
      <div class="header-actions">
        <Adapter />
        {isKeptOffline.value && (
          <p id="offline" title="The whole page is cached in this browser: it opens and trains without a network">
            Works offline
          </p>
        )}
        {!noGpu.value && <Files />}
        {children}
        <button type="button" class="plain" popovertarget="help" aria-label="Help" title="Help">
          ?
        </button>
        <a class="plain" href={source} rel="noreferrer">
          Source
        </a>
      </div>
      <p class="tagline">
        Train a neural network in your browser and see, layer by layer, whether the error reaches the first one. Your
        data stays on your machine.
      </p>
      <Help />
    </header>
  );
}

/** Copies the experiment as a link, and saves and opens runs. */
function Files() {
  const shown = run.value;
  shown?.events.value;
  const canSave = shown !== undefined && !shown.twinB && shown.log.steps.length > 0;
  return (
    <>
      <button id="share" type="button" class="plain" title="Copy a link to this experiment" onClick={share}>
        Share
      </button>
      <OpenRunFile />
      <button
        id="save"
        type="button"
        class="plain"
        disabled={!canSave}
        title={shown?.twinB ? 'Only a single run can be saved. Train A or B on its own.' : 'Save this run as a file'}
        onClick={async () => (await import('./features/run/saved_run.ts')).saveRun()}
      >
        Save
      </button>
    </>
  );
}

async function share(): Promise<void> {
  const link = `${location.origin}${location.pathname}${hashOf()}`;
  try {
    await navigator.clipboard.writeText(link);
    say('Copied a link to this experiment.');
  } catch {
    // A page without the focus may not write to the clipboard; the address bar has the same link.
    history.replaceState(null, '', link);
    say('The link to this experiment is in the address bar: copy it from there.');
  }
}

async function copyEmbedCode(): Promise<void> {
  try {
    await navigator.clipboard.writeText(embedCode(hashOf()));
    say('Copied the code that embeds this experiment.');
  } catch {
    say('The browser does not allow copying: see docs/page.md for the code.');
  }
}

function Adapter() {
  const facts = adapter.value;
  if (noGpu.value) return <p id="adapter">No GPU</p>;
  if (!facts) return <p id="adapter">Looking for a GPU…</p>;
  if (!facts.software) return <p id="adapter">{describeAdapter(facts)}</p>;
  return (
    <>
      <button id="adapter" type="button" class="plain" popovertarget="adapter-note">
        CPU (slow)
      </button>
      <div id="adapter-note" class="popover" popover>
        <p>No GPU found. Training runs on the CPU through SwiftShader.</p>
        <p class="facts">
          {describeAdapter(facts)}. The same experiments run about thirty times slower, and runs are shortened unless
          you set their epochs.
        </p>
      </div>
    </>
  );
}

function Help() {
  return (
    <div id="help" class="popover" popover>
      <h2>How to read this page</h2>
      <p>
        Each block of the network is a layer. In a step the images run forward, to the right, to the loss; then the
        error runs back, to the left, and tells each layer how to change.
      </p>
      <p>
        The bars and the colors of the map show how much of it arrives, relative to the last layer: below 0.001 a
        gradient vanishes and the layer does not learn, above 30 it explodes.
      </p>
      <p>Drag over the map or a plot to see an earlier step. With the keyboard: Tab to a layer, then the arrow keys.</p>
      <p>
        <button id="copy-embed" type="button" class="quiet" onClick={copyEmbedCode}>
          Copy embed code
        </button>{' '}
        puts this experiment into a slide or an article.
      </p>
      <p>
        <a href={`${source}#readme`} rel="noreferrer">
          Read more
        </a>
      </p>
    </div>
  );
}
