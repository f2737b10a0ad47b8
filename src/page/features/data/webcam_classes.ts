import { computed, signal } from '@preact/signals';
import { counted } from '../../../figures.ts';
import type { PlacedFile } from '../../../index.ts';

/** Classes whose pictures the user takes with the webcam. They remain in memory until a data set is made of them. */

/** Width and height of a picture in pixels: pictures are resized like other files when they are read. */
export const side = 96;

export interface TakenPicture {
  number: number;
  /** [side, side, 3] */
  pixels: Uint8Array<ArrayBuffer>;
}

export interface WebcamClass {
  id: number;
  name: string;
  pictures: readonly TakenPicture[];
}

let classes = 0;
let pictures = 0;
const newClass = (): WebcamClass => ({ id: ++classes, name: `Class ${classes}`, pictures: [] });

export const webcamClasses = signal<readonly WebcamClass[]>([newClass(), newClass()]);

const update = (id: number, how: (one: WebcamClass) => WebcamClass) => {
  webcamClasses.value = webcamClasses.peek().map((one) => (one.id === id ? how(one) : one));
};

export const addClass = () => {
  webcamClasses.value = [...webcamClasses.peek(), newClass()];
};
export const deleteClass = (id: number) => {
  webcamClasses.value = webcamClasses.peek().filter((one) => one.id !== id);
};
export const rename = (id: number, name: string) => update(id, (one) => ({ ...one, name }));
export const addPicture = (id: number, pixels: TakenPicture['pixels']) =>
  update(id, (one) => ({ ...one, pictures: [...one.pictures, { number: ++pictures, pixels }] }));
export const deletePicture = (id: number, number: number) =>
  update(id, (one) => ({ ...one, pictures: one.pictures.filter((picture) => picture.number !== number) }));

/** Smallest number of pictures per class from which a network can learn something. */
const fewPictures = 10;

export const allPictures = computed(() => webcamClasses.value.reduce((sum, { pictures }) => sum + pictures.length, 0));

/** Why no data set can be made of the classes yet, and what to do; empty if one can be made. */
export const missing = computed((): string => {
  const all = webcamClasses.value;
  const names = all.map(({ name }) => name.trim());
  const unnamed = names.some((name) => name === '' || /[/\\]/.test(name) || name.startsWith('.'));
  if (unnamed) return 'Give each class a name without slashes that does not begin with a dot.';
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return `Two classes are called ${twice}: rename one of them.`;
  if (all.length < 2) return 'Add a second class: a network learns to tell classes apart.';
  const empty = all.filter(({ pictures }) => pictures.length < 2);
  if (empty.length) return `Capture at least 2 pictures of ${empty.map(({ name }) => name).join(' and ')}.`;
  return '';
});

/** The classes with too few pictures, in words. */
export const scarce = computed((): string => {
  const few = webcamClasses.value.filter(({ pictures }) => pictures.length < fewPictures);
  if (missing.value || !few.length) return '';
  const counts = few.map(({ name, pictures }) => `${name} has ${counted(pictures.length, 'picture')}`).join(', ');
  return `${counts}: take at least ${fewPictures} of each, from several angles, for a more reliable validation.`;
});

/** A file for each picture, in a folder for each class. */
export function filesOfClasses(): Promise<PlacedFile[]> {
  const files = webcamClasses.peek().flatMap(({ name, pictures }) =>
    pictures.map(async ({ number, pixels }): Promise<PlacedFile> => {
      const canvas = new OffscreenCanvas(side, side);
      const image = new ImageData(side, side);
      for (let i = 0; i < side * side; i++) {
        image.data.set(pixels.subarray(3 * i, 3 * i + 3), 4 * i);
        image.data[4 * i + 3] = 255;
      }
      canvas.getContext('2d')!.putImageData(image, 0, 0);
      const path = `webcam/${name.trim()}/${number}.png`;
      return { path, file: new File([await canvas.convertToBlob({ type: 'image/png' })], `${number}.png`) };
    }),
  );
  return Promise.all(files);
}
