import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import './scroll.css';

interface ScrollProps {
  /** Accessible name, or the id of the heading that has it. */
  label?: string;
  labelledBy?: string;
  children: ComponentChildren;
}

/** Contains content that may be wider than a phone: it scrolls horizontally, and indicates that some of it is cut off. */
export function Scroll({ label, labelledBy, children }: ScrollProps) {
  const place = useRef<HTMLElement>(null);
  const [hasMore, setHasMore] = useState(false);
  useEffect(() => {
    const section = place.current;
    if (!section) return;
    const look = () => setHasMore(section.scrollLeft + section.clientWidth < section.scrollWidth - 1);
    const observer = new ResizeObserver(look);
    for (const each of [section, ...section.children]) observer.observe(each);
    section.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      section.removeEventListener('scroll', look);
    };
  }, []);
  return (
    <>
      <section
        ref={place}
        class={hasMore ? 'scroll more' : 'scroll'}
        aria-label={label}
        aria-labelledby={labelledBy}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: scrollable content must be reachable by keyboard
        tabIndex={0}
      >
        {children}
      </section>
      {hasMore && (
        <p class="scroll-hint" aria-hidden="true">
          Scroll sideways for the other columns →
        </p>
      )}
    </>
  );
}
