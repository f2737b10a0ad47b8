/** The same words as they begin a sentence or a title. */
export const capitalized = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);
