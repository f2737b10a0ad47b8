const spelled =
  'zero one two three four five six seven eight nine ' +
  'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi omega';
const spelledOut = new Set(spelled.split(' '));

/** Words that may accompany a digit or a letter in a class name: "digit 3", "A_upper", "Sample012". */
const besides =
  /digits?|numbers?|letters?|characters?|char|class|label|sample|sample|(upper|lower)(case)?|capital|small|[\s_.:-]+/g;

const isCharacter = (name: string): boolean => {
  const lower = name.trim().toLowerCase();
  const rest = lower.replace(besides, '');
  return /^(\d+|\p{L}\p{M}*)$/u.test(rest) || spelledOut.has(rest);
};

/**
 * Whether a data set contains digits or letters, judged by its class names: at least half of them must be numbers, single letters
 * or their names. Unnamed classes are numbered and count as numbers.
 */
export const areCharacters = (classNames: readonly string[]): boolean =>
  2 * classNames.filter(isCharacter).length >= classNames.length;
