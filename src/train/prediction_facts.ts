import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';
import { pictureFits } from '../picture_fit.ts';
import type { Settings } from '../plan/settings.ts';
import type { PicturePreparation } from './picture.ts';
import type { TrainerOptions } from './trainer_options.ts';

/** What a prediction needs in addition to the network: the class names, and how pictures are preprocessed. */
export interface PredictionFacts {
  /** In the order of the outputs; undefined until they are known. */
  classNames?: readonly string[];
  pictures: PicturePreparation;
}

/** A single output is the probability of the second of two classes. */
export const classesOfOutputs = (outputs: number): number => (outputs === 1 ? 2 : outputs);

/** @throws ConfigurationError if the number of names doesn't match, or for an invalid preparation of pictures. */
export function fillPredictionFacts(
  { classNames, pictures }: Pick<TrainerOptions, 'classNames' | 'pictures'>,
  { model, outputs }: Pick<Settings, 'model' | 'outputs'>,
): PredictionFacts {
  const classes = classesOfOutputs(outputs);
  const areNames = Array.isArray(classNames) && classNames.every((name) => typeof name === 'string');
  if (classNames !== undefined && (!areNames || classNames.length !== classes)) {
    throw new ConfigurationError({
      what: "The classNames don't match the model's outputs",
      found: classNames,
      expected: `${classes} names, in the order of the model's outputs`,
    });
  }
  const inputShape = model.inputShape as PicturePreparation['imageShape'];
  const { imageShape = inputShape, fit = 'cover', levels } = pictures ?? {};
  const isShape = Array.isArray(imageShape) && imageShape.length === 3 && imageShape.every(isPositiveInteger);
  if (!isShape || !pictureFits.includes(fit) || (levels && !(levels.from <= levels.to))) {
    throw new ConfigurationError({
      what: 'Invalid option pictures',
      found: pictures,
      expected: `{ imageShape: [height, width, channels], fit: ${pictureFits.map((name) => `'${name}'`).join(' or ')}, levels: { from, to } }`,
    });
  }
  return {
    ...(classNames && { classNames: [...classNames] }),
    pictures: { imageShape, fit, ...(levels && { levels }) },
  };
}

/** The class names in the order of the outputs: "0", "1" and so on if they are unknown. */
export const classNamesOf = ({ classNames }: PredictionFacts, outputs: number): string[] => [
  ...(classNames ?? Array.from({ length: classesOfOutputs(outputs) }, (_, i) => String(i))),
];

/** The class names and the image preprocessing of a data set; options that are given take precedence. */
export function factsOfDataset(
  facts: PredictionFacts,
  { classNames, targetNames, imageShape, pictureFit = 'cover', pictureLevels: levels }: Dataset,
  options: Pick<TrainerOptions, 'classNames' | 'pictures'>,
  outputs: number,
): PredictionFacts {
  const names = classNames.length > 0 ? classNames : targetNames;
  const fits = names?.length === classesOfOutputs(outputs);
  return {
    ...facts,
    ...(!options.classNames && fits && { classNames: names }),
    ...(!options.pictures && { pictures: { imageShape, fit: pictureFit, ...(levels && { levels }) } }),
  };
}

const isPositiveInteger = (value: unknown) => Number.isInteger(value) && (value as number) > 0;
