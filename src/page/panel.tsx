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
