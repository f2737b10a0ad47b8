import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { canAsk } from '../run/questions.ts';

/** The panel as a drawer at the edge of the window, so that the prediction changes in view of the map while the network trains. */

const isOpen = signal(false);

/** Whether the panel is a drawer now. Without a network to ask, it stays in its place. */
export const isDrawer = (): boolean => isOpen.value && canAsk();

/** Opens and closes the drawer, from the run bar. */
export function DrawerButton() {
  if (!canAsk()) return null;
  return (
    <button
      id="open-try"
      type="button"
      aria-expanded={isOpen.value}
      aria-controls="try"
      title="Draw or choose an image, and watch the prediction"
      onClick={() => (isOpen.value ? close() : openDrawer())}
    >
      Try it
    </button>
  );
}

/** In the drawer's heading. Escape closes the drawer, too. */
export function CloseDrawer() {
  useEffect(() => {
    const closeByKey = ({ key }: KeyboardEvent) => key === 'Escape' && close();
    const drawer = document.getElementById('try');
    drawer?.addEventListener('keydown', closeByKey);
    return () => drawer?.removeEventListener('keydown', closeByKey);
  }, []);
  return (
    <button id="close-try" type="button" class="quiet" onClick={close}>
      Close
    </button>
  );
}

export function openDrawer(): void {
  isOpen.value = true;
  // Focus the button after the panel has become a drawer, so that keyboard users continue there.
  requestAnimationFrame(() => document.getElementById('close-try')?.focus());
}

function close(): void {
  isOpen.value = false;
  document.getElementById('open-try')?.focus();
}
