import { signal } from '@preact/signals';
import type { FunctionComponent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { run, trouble } from './state.ts';

/**
 * A component whose code is fetched when its place comes into sight, or when there is a run: a visitor who looks at the
 * first screen alone doesn't wait for it.
 */
export function later(load: () => Promise<FunctionComponent>): FunctionComponent {
  const loaded = signal<{ Component: FunctionComponent } | undefined>();
  let isFetching = false;
  const fetchIt = async () => {
    if (isFetching) return;
    isFetching = true;
    try {
      loaded.value = { Component: await load() };
    } catch (error) {
      isFetching = false;
      trouble.value = {
        what: 'A part of this page could not be fetched',
        found: String(error),
        fix: 'load this page again; if that does not help, it has been replaced by a newer one on its server',
      };
    }
  };
  return function Later() {
    const place = useRef<HTMLDivElement>(null);
    const isWanted = run.value !== undefined;
    useEffect(() => {
      if (isWanted) fetchIt();
    }, [isWanted]);
    useEffect(() => {
      const inSight = new IntersectionObserver((entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) fetchIt();
      });
      if (place.current) inSight.observe(place.current);
      return () => inSight.disconnect();
    }, []);
    const Component = loaded.value?.Component;
    return Component ? <Component /> : <div ref={place} class="later" />;
  };
}
