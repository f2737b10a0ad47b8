import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

export interface PanelProps {
  /** Element id of the section; its heading has the same id with `-title` appended. */
  id: string;
  title: string;
  /** Shown at the right of the title. */
  aside?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}

/** The frame of a panel: a region for screen readers, labeled by its heading. */
export function Panel({ id, title, aside, class: kind = '', children }: PanelProps) {
  return (
    <section id={id} class={`panel ${kind}`} aria-labelledby={`${id}-title`}>
      <div class="panel-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

const wide = matchMedia('(min-width: 60.01rem)');
/** Whether the panels are side by side, as in style.css, so that there is room for all of them. */
export const isWide = signal(wide.matches);

export function followWidth(): void {
  wide.addEventListener('change', ({ matches }) => {
    isWide.value = matches;
  });
}

/** The panels that the user has collapsed or expanded, by id: for two columns, and for one. */
const isOpen = signal<Record<string, boolean>>({});

export interface FoldingPanelProps extends Omit<PanelProps, 'aside' | 'class'> {
  /** A one-line summary that is shown while it is collapsed. */
  gist: string;
  /** Shown below the summary. */
  glimpse?: ComponentChildren;
  /** It contains an error that should be seen. */
  isWrong?: boolean;
  /** It is initially expanded if there is room for two columns; the other panels fit below it. */
  opensWide?: boolean;
}

/** A collapsible panel, which is initially collapsed in a single-column layout. */
export function FoldingPanel({
  id,
  title,
  gist,
  glimpse,
  isWrong = false,
  opensWide = false,
  children,
}: FoldingPanelProps) {
  const byItself = () => (opensWide && isWide.value) || isWrong;
  const key = `${id} ${isWide.value}`;
  const open = isOpen.value[key] ?? byItself();
  const keep = (open: boolean) => {
    if (isOpen.peek()[key] !== open) isOpen.value = { ...isOpen.peek(), [key]: open };
  };
  return (
    <section id={id} class="panel" aria-labelledby={`${id}-title`}>
      <details
        class="fold"
        open={open}
        onToggle={({ currentTarget }) => currentTarget.open !== open && keep(currentTarget.open)}
      >
        {/* biome-ignore lint/a11y/noStaticElementInteractions: a summary element is interactive */}
        <summary
          onClick={(event) => {
            // The browser must not toggle it: a render that is based on the state before a second click would undo that click.
            event.preventDefault();
            keep(!(isOpen.peek()[key] ?? byItself()));
          }}
        >
          <h2 id={`${id}-title`}>{title}</h2>
          <span class={isWrong ? 'gist wrong' : 'gist'}>{gist}</span>
          {glimpse && <span class="glimpse">{glimpse}</span>}
        </summary>
        {/* Remains open while the user works in it, even after its error has been fixed. */}
        <div onFocusIn={() => keep(true)}>{children}</div>
      </details>
    </section>
  );
}
