import type { FunctionComponent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { fetched } from './fetched.ts';
import { run } from './state.ts';

/**
 * A component whose code is fetched when its place comes into sight, or when there is a run: a visitor who looks at the
 * first screen alone doesn't wait for it.
 *
 * @param what stands there until then.
 */
export function later(load: () => Promise<FunctionComponent>, what: string): FunctionComponent {
  const { code, fetch } = fetched(load);
  return function Later() {
    const place = useRef<HTMLParagraphElement>(null);
    const isWanted = run.value !== undefined;
    useEffect(() => {
      if (isWanted) fetch();
    }, [isWanted]);
    useEffect(() => {
      const inSight = new IntersectionObserver((entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) fetch();
      });
      if (place.current) inSight.observe(place.current);
      return () => inSight.disconnect();
    }, []);
    const Component = code.value;
    return Component ? (
      <Component />
    ) : (
      <p ref={place} class="later">
        {what}
      </p>
    );
  };
}
