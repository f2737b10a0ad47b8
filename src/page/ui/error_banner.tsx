import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { ErrorParts } from '../../errors.ts';
import { Facts } from './error_facts.tsx';

export interface ErrorBannerProps {
  error: ErrorParts | undefined;
  /** Buttons for actions that may fix the error. */
  children: ComponentChildren;
}

/** An error that is announced by screen readers and scrolled into view. */
export function ErrorBanner({ error, children }: ErrorBannerProps) {
  const box = useRef<HTMLDivElement>(null);
  // The user may have pressed a button far below.
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
