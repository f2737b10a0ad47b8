import { ConfigurationError } from '../errors.ts';
import { base64 } from './base64.ts';
import { formatSafetensors } from './safetensors.ts';
import { compileTrained, type TrainedModel } from './trained_model.ts';

const style = `
:root { color-scheme: light dark; --ink: light-dark(#1c1e21, #e8e9eb); --quiet: light-dark(#5c6066, #a3a8b0);
  --ground: light-dark(#f4f4f2, #16181b); --card: light-dark(#fff, #1f2226); --line: light-dark(#d5d6d8, #3a3e44);
  --accent: light-dark(#1a5fb4, #78aeff); --bar: light-dark(#dbe8f8, #263d5c); }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--ground); }
main { max-width: 44rem; margin: 0 auto; padding: clamp(1rem, 4vw, 2.5rem); display: grid; gap: 1rem; }
h1 { font-size: 1.4rem; margin: 0; }
p { margin: 0; color: var(--quiet); }
#drop { display: grid; place-items: center; min-height: 13rem; padding: 1rem; border: 2px dashed var(--line); border-radius: 12px;
  background: var(--card); cursor: pointer; text-align: center; overflow: hidden; }
#drop.over, #drop:hover, #drop:focus-within { border-color: var(--accent); }
#drop img, #drop video { max-width: 100%; max-height: 50vh; border-radius: 6px; }
#file { position: absolute; opacity: 0; pointer-events: none; }
.actions { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: center; }
button { font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 0.55rem 1rem; min-height: 44px; cursor: pointer; }
button:hover { border-color: var(--accent); }
label.check { display: flex; gap: 0.5rem; align-items: center; min-height: 44px; }
#answer { display: grid; grid-template-columns: auto 1fr; gap: 1rem; align-items: start; background: var(--card);
  border: 1px solid var(--line); border-radius: 12px; padding: 1rem; }
figure { margin: 0; display: grid; gap: 0.35rem; justify-items: center; }
figcaption { font-size: 0.8rem; color: var(--quiet); }
#seen { width: 6rem; height: auto; image-rendering: pixelated; border: 1px solid var(--line); border-radius: 4px; }
#result { list-style: none; margin: 0; padding: 0; display: grid; gap: 0.4rem; }
#result li { display: flex; justify-content: space-between; gap: 1rem; padding: 0.4rem 0.6rem; border-radius: 6px;
  background: linear-gradient(to right, var(--bar) var(--share), transparent var(--share)); overflow-wrap: anywhere; }
#result li:first-child { font-weight: 600; }
#result b { font-weight: inherit; font-variant-numeric: tabular-nums; white-space: nowrap; }
#message:empty { display: none; }
#message { color: light-dark(#a51d2d, #ff9ba3); }
[hidden] { display: none !important; }
`;

const body = `
<main>
  <header>
    <h1>What is in the picture?</h1>
    <p>SUMMARY Everything happens in this page: no picture leaves your device.</p>
  </header>
  <label id="drop">
    <input id="file" type="file" accept="image/*">
    <span id="empty">Drop a picture here, paste one, or <u>choose a file</u>.</span>
    <img id="picture" alt="Your picture" hidden>
    <video id="video" playsinline muted hidden></video>
  </label>
  <div class="actions">
    <button id="camera" type="button">Use the webcam</button>
    <label class="check" id="invert-label"><input id="invert" type="checkbox"> Dark on light, as on paper: invert</label>
  </div>
  <p id="message" role="alert"></p>
  <section id="answer" aria-live="polite" hidden>
    <figure><canvas id="seen"></canvas><figcaption>the network's input</figcaption></figure>
    <ol id="result"></ol>
  </section>
</main>
`;

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/**
 * Exports a model as a single HTML page that classifies a picture (dropped, pasted or chosen) or the webcam, in every browser,
 * without a server and without WebGPU: it computes in plain loops, which take milliseconds for small networks.
 *
 * @param script of the page: the package's `dist/standalone/standalone.js.gz`, decompressed.
 * @throws ConfigurationError if the training centered or whitened its images, which the page can't do to a picture.
 */
export function formatHtml(trained: TrainedModel, script: string): Uint8Array<ArrayBuffer> {
  const { inputShape, layers, output, parameters } = compileTrained(trained);
  if (trained.rescale === null) {
    throw new ConfigurationError({
      what: 'A page multiplies the bytes of its pictures by one number, and this training centered or whitened its images too',
      found: 'html',
      fix: "export as onnx with input 'floats', and normalize the images as the training did",
    });
  }
  const outputs = layers[output]!.outputShape.at(-1)!;
  const [height, width] = inputShape;
  const summary = `A network of ${parameters.toLocaleString('en')} weights that tells ${Math.max(2, outputs)} classes apart, in images of ${width} x ${height} pixels.`;
  const model = base64(formatSafetensors(trained));
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src blob:; media-src blob: mediastream:">
<title>What is in the picture?</title>
<style>${style}</style>
${body.replace('SUMMARY', escaped(summary))}
<script id="model" type="application/octet-stream">${model}</script>
<script type="module">${script.replaceAll('</script', '<\\/script')}</script>
</html>
`;
  return new TextEncoder().encode(page);
}
