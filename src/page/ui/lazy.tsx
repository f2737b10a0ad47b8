import type { FunctionComponent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { run } from '../app/state.ts';
import { fetched } from './fetched_code.ts';

/**
 * A component whose code is fetched when its place comes into sight, or when there is a run: a visitor who looks at the
 * first screen alone doesn't wait for it.
 *
 * @param what stands there until then.
 * @param kind the class of its paragraph.
 * @param margin around the window, within which it counts as seen; below 0 it has to be further up.
 */
export function later(
  load: () => Promise<FunctionComponent>,
  what: string,
  kind = 'later',
  margin = '0px',
): FunctionComponent {
  const { code, fetch } = fetched(load);
  return function Later() {
    const place = useRef<HTMLParagraphElement>(null);
    const isWanted = run.value !== undefined;
    useEffect(() => {
      if (isWanted) fetch();
    }, [isWanted]);
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
    const Component = code.value;
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
