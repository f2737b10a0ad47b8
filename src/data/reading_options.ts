/** Largest width and height in pixels to which pictures can be resized. */
export const largestImageSize = 4096;
/** Largest fraction of each class that can be held out. */
export const largestValidationSplit = 0.9;

/** How the files of a folder become images, whether the command or a browser decodes them: part of a run's configuration. */
export interface ReadingOptions {
  /** Fraction of each class that is held out if a folder has no validation split. */
  validationSplit?: number;
  /** Width and height in pixels of the images that pictures are converted to. */
  imageSize?: number;
  /** Which labels to use, if the files have several kinds. */
  labels?: string;
  /** Whether to stretch values that use only part of their range to the full range. */
  stretch?: true;
}

/** Picks the reading options that were given. */
export const givenReadingOptions = ({
  validationSplit,
  imageSize,
  labels,
  stretch,
}: {
  [Name in keyof ReadingOptions]: ReadingOptions[Name] | undefined;
}): ReadingOptions => ({
  ...(validationSplit !== undefined && { validationSplit }),
  ...(imageSize !== undefined && { imageSize }),
  ...(labels !== undefined && { labels }),
  ...(stretch && { stretch }),
});
