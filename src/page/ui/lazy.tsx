import type { FunctionComponent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { type Fetched, fetched } from './fetched_code.ts';

export interface LaterOptions {
  /** The class of the placeholder paragraph. */
  kind?: string;
  /** Margin around the window within which the component counts as visible; if negative, it has to be further up. */
  margin?: string;
  /** Whether to load the code regardless of the scroll position; reads signals. */
  isWanted: () => boolean;
}

/**
 * A component whose code is loaded when its place scrolls into view, or when it is wanted, so that visitors of the first screen
 * need not wait for it.
 *
 * @param of selects the component from that code. @param what text of the placeholder.
 */
export function later<Code>(
  { code, fetch }: Fetched<Code>,
  of: (code: Code) => FunctionComponent,
  what: string,
  { kind = 'later', margin = '0px', isWanted }: LaterOptions,
): FunctionComponent {
  return function Later() {
    const place = useRef<HTMLParagraphElement>(null);
    const wanted = isWanted();
    useEffect(() => {
      if (wanted) fetch();
    }, [wanted]);
    useEffect(() => {
      const inSight = new IntersectionObserver(
        (entries) => {
          if (entries.some(({ isIntersecting }) => isIntersecting)) fetch();
        },
        { rootMargin: margin },
      );
      if (place.current) inSight.observe(place.current);
      return () => inSight.disconnect();
    }, []);
    const Component = code.value && of(code.value);
    return Component ? (
      <Component />
    ) : (
      <p ref={place} class={kind}>
        {what}
      </p>
    );
  };
}

/** A component whose code is loaded when it is first rendered; nothing is shown until then. */
export function onDemand(load: () => Promise<FunctionComponent>): FunctionComponent {
  const { code, fetch } = fetched(load);
  return function OnDemand() {
    useEffect(() => {
      fetch();
    }, []);
    const Component = code.value;
    return Component ? <Component /> : null;
  };
}
