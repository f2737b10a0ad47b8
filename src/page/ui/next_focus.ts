import { useLayoutEffect, useRef } from 'preact/hooks';

/**
 * For lists that are edited: the control that was pressed moves with its item, or goes with it, and the focus would be lost.
 *
 * @returns a function that gives the focus, once the component is drawn again, to what a selector finds in the page.
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

/** Of the two that move an item of a list on: the same again, or the other where the list ends. */
export const movesOn = (to: number, by: number, items: number): 'up' | 'down' =>
  to === 0 ? 'down' : to === items - 1 ? 'up' : by < 0 ? 'up' : 'down';
