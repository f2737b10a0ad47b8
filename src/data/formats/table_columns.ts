/** Headings of columns that hold the class of an image, as found in published tables; the most likely ones come first. */
const labelHeadings: readonly RegExp[] = [
  /^(label|class|category|target|emotion|digit|letter|character)$/,
  /^(labels|classes|tags?|class_?names?|class_?ids?|class_?labels?|label_?names?|label_?ids?|category_?(names?|ids?)?|image_?(class|label)|fine_?labels?|finding_labels|true_?labels?|ground_?truth)$/,
  /^(species|breed|diagnosis|dx|level|grade|type|plant|variety|disease|animal|model|genre|artist|style|sign|symbol|landmark_id)$/,
];

const plain = (heading: string) =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[\s.-]+/g, '_');

/** How likely a heading is that of the labels: 0 for the most likely, undefined if it is not one. */
export function labelRank(heading: string): number | undefined {
  const rank = labelHeadings.findIndex((pattern) => pattern.test(plain(heading)));
  return rank < 0 ? undefined : rank;
}

export const isSplitHeading = (heading: string): boolean =>
  /^(split|usage|set|subset|partition|data_?set|phase|fold)$/.test(plain(heading));

/** Whether two headings match, ignoring differences such as case that a user may type. */
export const isSameHeading = (a: string, b: string): boolean => plain(a) === plain(b);
