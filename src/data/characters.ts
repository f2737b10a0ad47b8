const spelled =
  'zero one two three four five six seven eight nine ' +
  'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi omega';
const spelledOut = new Set(spelled.split(' '));

/** Words that may accompany a digit or a letter in the name of its class: "digit 3", "A_upper", "Sample012". */
const besides =
  /digits?|numbers?|letters?|characters?|char|class|label|sample|sample|(upper|lower)(case)?|capital|small|[\s_.:-]+/g;

const isCharacter = (name: string): boolean => {
  const lower = name.trim().toLowerCase();
  const rest = lower.replace(besides, '');
  return /^(\d+|\p{L}\p{M}*)$/u.test(rest) || spelledOut.has(rest);
};

/**
 * Whether a data set is one of digits or letters, judged by the names of its classes: at least half of them are
 * numbers, single letters or their names. Classes without names are numbered and count as such.
 */
export const areCharacters = (classNames: readonly string[]): boolean =>
  2 * classNames.filter(isCharacter).length >= classNames.length;
