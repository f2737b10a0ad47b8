import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

export interface PanelProps {
  /** Of the section, and of its heading with `-title` behind it. */
  id: string;
  title: string;
  /** Stands at the right of the title. */
  aside?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}

/** The frame of a panel: a region of its own for a screen reader, under its heading. */
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
/** Where the panels stand side by side, as in style.css. There is room for all of them. */
export const isWide = signal(wide.matches);

export function followWidth(): void {
  wide.addEventListener('change', ({ matches }) => {
    isWide.value = matches;
  });
}

/** The panels that somebody has folded or opened, by their ids: for two columns, and for one. */
const isOpen = signal<Record<string, boolean>>({});

export interface FoldingPanelProps extends Omit<PanelProps, 'aside' | 'class'> {
  /** What it says in a line while it is folded. */
  gist: string;
  /** Beneath that line. */
  glimpse?: ComponentChildren;
  /** Something in it is wrong, and should be seen. */
  isWrong?: boolean;
  /** It is open from the start where there is room for two columns; the others fit below it. */
  opensWide?: boolean;
}

/** A panel that can be folded, and is where all stand in one column, until somebody wants it otherwise. */
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
        {/* biome-ignore lint/a11y/noStaticElementInteractions: a summary is a button by itself */}
        <summary
          onClick={(event) => {
            // Not by the browser: what is drawn a moment later from before a second press would undo that press.
            event.preventDefault();
            keep(!(isOpen.peek()[key] ?? byItself()));
          }}
        >
          <h2 id={`${id}-title`}>{title}</h2>
          <span class={isWrong ? 'gist wrong' : 'gist'}>{gist}</span>
          {glimpse && <span class="glimpse">{glimpse}</span>}
        </summary>
        {/* Whoever works in it wants it open, also when what was wrong is not any more. */}
        <div onFocusIn={() => keep(true)}>{children}</div>
      </details>
    </section>
  );
}
