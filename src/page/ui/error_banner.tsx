import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { ErrorParts } from '../../errors.ts';
import { Facts } from './error_facts.tsx';

export interface ErrorBannerProps {
  error: ErrorParts | undefined;
  /** Buttons for what can be done about it. */
  children: ComponentChildren;
}

/** An error where it can't be overlooked, and where a screen reader reads it out. */
export function ErrorBanner({ error, children }: ErrorBannerProps) {
  const box = useRef<HTMLDivElement>(null);
  // Also for whoever pressed something far below.
  useEffect(() => {
    if (error) box.current?.scrollIntoView({ block: 'nearest' });
  }, [error]);
  return (
    <div id="page-error" ref={box} class="panel error" role="alert" hidden={!error}>
      {error && (
        <>
          <h2>{error.what}</h2>
          <Facts {...error} />
          <div class="actions">{children}</div>
        </>
      )}
    </div>
  );
}
