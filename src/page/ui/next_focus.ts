import { useLayoutEffect, useRef } from 'preact/hooks';

/**
 * For editable lists: the pressed control moves with its item, or disappears with it, so the focus would be lost.
 *
 * @returns a function that moves the focus, after the next render, to the element that a selector finds in the page.
 */
export function useNextFocus(): (selector: string) => void {
  const next = useRef('');
  useLayoutEffect(() => {
    if (next.current) document.querySelector<HTMLElement>(next.current)?.focus();
    next.current = '';
  });
  return (selector) => {
    next.current = selector;
  };
}

/** The button to focus after an item has moved: the same one, or the opposite one at the end of the list. */
export const movesOn = (to: number, by: number, items: number): 'up' | 'down' =>
  to === 0 ? 'down' : to === items - 1 ? 'up' : by < 0 ? 'up' : 'down';
