/** The words with a capital letter at the beginning, for a sentence or a title. */
export const capitalized = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);
