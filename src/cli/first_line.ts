/** The first line of another program's message, for a place that has no room for the others. */
export const firstLine = (message: string): string => message.split('\n', 1)[0]!;
