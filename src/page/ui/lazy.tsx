import type { FunctionComponent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { type Fetched, fetched } from './fetched_code.ts';

export interface LaterOptions {
  /** The class of the paragraph that stands there until then. */
  kind?: string;
  /** Around the window, within which it counts as seen; below 0 it has to be further up. */
  margin?: string;
  /** Whether the code is wanted wherever the page has been scrolled to; reads signals. */
  isWanted: () => boolean;
}

/**
 * A component whose code is fetched when its place comes into sight, or when it is wanted: a visitor who looks at the first
 * screen alone doesn't wait for it.
 *
 * @param of the component in that code. @param what stands there until then.
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

/** A component whose code is fetched when it is first drawn; nothing stands there until then. */
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
