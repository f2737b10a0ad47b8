/** Moves the focus to the button that trains, for keyboard users, when the pressed button is about to disappear or to be disabled. */
export const focusTrain = () => document.getElementById('start')?.focus();
