import { parseSafetensors } from '../formats/safetensors.ts';
import { defaultRescale } from '../formats/trained_model.ts';
import { compileModel } from '../model/graph.ts';
import { drawPicture, pictureDecoding } from '../picture_fit.ts';
import { stretchedPicture } from '../png/stretched_picture.ts';
import { networkProbabilities } from '../reference/network.ts';
import { pictureBytes } from '../reference/picture_bytes.ts';

// The script of a page that contains a model and classifies pictures: `wgrad export --format html`. It computes with the float64
// twin, in plain loops, so it runs in every browser, from a file, without a server.

const element = <T extends Element = HTMLElement>(selector: string): T => document.querySelector<T>(selector)!;

const packed = atob(element('#model').textContent!.trim());
const file = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
const { model, weights, classNames, rescale, pictures } = parseSafetensors(file, { name: 'The model in this page' });
const compiled = compileModel(model);
const [height, width, channels] = compiled.inputShape;
const factor = rescale ?? defaultRescale;

const canvas = new OffscreenCanvas(width, height);
const context = canvas.getContext('2d', { willReadFrequently: true })!;
const seen = element<HTMLCanvasElement>('#seen');
[seen.width, seen.height] = [width, height];
const inverted = element<HTMLInputElement>('#invert');
element('#invert-label').hidden = channels !== 1;

type Source = CanvasImageSource & { width: number; height: number };

/** The picture as the network's input: fitted as in the training, and converted to gray for a network with one channel. */
function inputOf(source: CanvasImageSource, size: { width: number; height: number }): Float32Array {
  drawPicture(context, source, size, pictures?.fit ?? 'cover');
  const picture = context.getImageData(0, 0, width, height);
  const { data } = picture;
  if (channels === 1) {
    for (const [p, gray] of pictureBytes({ batch: 1, height, width, channels }, data).entries()) {
      data.fill(inverted.checked ? 255 - gray : gray, 4 * p, 4 * p + 3);
    }
  }
  const input = new Float32Array(height * width * channels);
  for (let p = 0; p < height * width; p++) {
    for (let c = 0; c < channels; c++) input[p * channels + c] = (c < 4 ? data[4 * p + c]! : 0) * factor;
  }
  seen.getContext('2d')!.putImageData(picture, 0, 0);
  return input;
}

function show(probabilities: ArrayLike<number>): void {
  // A single output is the probability of the second of two classes.
  const each = probabilities.length === 1 ? [1 - probabilities[0]!, probabilities[0]!] : [...Array.from(probabilities)];
  const sorted = each.map((probability, label) => ({ probability, name: classNames?.[label] ?? `class ${label}` }));
  sorted.sort((a, b) => b.probability - a.probability);
  const rows = sorted.slice(0, 5).map(({ name, probability }) => {
    const row = document.createElement('li');
    const percent = 100 * probability;
    row.style.setProperty('--share', `${percent}%`);
    const [label, number] = [document.createElement('span'), document.createElement('b')];
    label.textContent = name;
    number.textContent = `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
    row.append(label, number);
    return row;
  });
  element('#result').replaceChildren(...rows);
  element('#answer').hidden = false;
}

const report = (text: string) => {
  element('#message').textContent = text;
};

let last: { source: Source; size: { width: number; height: number } } | undefined;

function classify(source: Source, size: { width: number; height: number } = source): void {
  last = { source, size };
  report('');
  show(networkProbabilities(compiled, weights, inputOf(source, size)));
}

async function read(blob: Blob | null | undefined): Promise<void> {
  if (!blob) return;
  stopCamera();
  try {
    const stretched = pictures?.levels && (await stretchedPicture(blob, pictures.levels));
    const bitmap = await createImageBitmap(stretched ?? blob, pictureDecoding);
    element<HTMLImageElement>('#picture').src = URL.createObjectURL(blob);
    element('#picture').hidden = false;
    element('#empty').hidden = true;
    classify(bitmap);
  } catch {
    report('The browser cannot read this file as a picture: use a PNG, JPEG or WebP file.');
  }
}

const video = element<HTMLVideoElement>('#video');
const cameraButton = element<HTMLButtonElement>('#camera');

function stopCamera(): void {
  for (const track of (video.srcObject as MediaStream | null)?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  video.hidden = true;
  element('#empty').hidden = !element('#picture').hidden;
  cameraButton.textContent = 'Use the webcam';
}

async function startCamera(): Promise<void> {
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    await video.play();
  } catch (error) {
    report(`The webcam is not available: ${(error as Error).message}`);
    return;
  }
  element('#picture').hidden = true;
  video.hidden = false;
  element('#empty').hidden = true;
  cameraButton.textContent = 'Stop the webcam';
  const step = () => {
    if (!video.srcObject) return;
    if (video.videoWidth) classify(video, { width: video.videoWidth, height: video.videoHeight });
    // A timeout after the frame lets the browser draw the result before the next frame is computed.
    requestAnimationFrame(() => setTimeout(step));
  };
  step();
}

const chooser = element<HTMLInputElement>('#file');
chooser.addEventListener('change', () => void read(chooser.files?.[0]));
cameraButton.addEventListener('click', () => void (video.srcObject ? stopCamera() : startCamera()));
inverted.addEventListener('change', () => last && classify(last.source, last.size));
const drop = element('#drop');
for (const name of ['dragenter', 'dragover'] as const) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
}
document.addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) drop.classList.remove('over');
});
document.addEventListener('drop', (event) => {
  event.preventDefault();
  drop.classList.remove('over');
  void read(event.dataTransfer?.files[0]);
});
document.addEventListener('paste', (event) => void read(event.clipboardData?.files[0]));
cameraButton.hidden = !navigator.mediaDevices;
