import type { ComponentChildren } from 'preact';
import type { FitSettings } from '../../../train/fit_settings.ts';
import { change, experiment } from '../../app/state.ts';
import './setting_part.css';

/** A collapsed section with a one-line summary, which expands when the user opens it or it has an error. */
export function Part({ id, title, gist, isWrong, children }: PartProps) {
  return (
    <details id={id} class="part" open={isWrong}>
      <summary>
        <span>{title}</span>
        <span class={isWrong ? 'state wrong' : 'state'}>{gist}</span>
      </summary>
      {children}
    </details>
  );
}

interface PartProps {
  id: string;
  title: string;
  gist: string;
  isWrong: boolean;
  children: ComponentChildren;
}

/** Changes options of `fit`; undefined restores the default. */
export function setFit(part: FitSettings): void {
  const given = Object.entries({ ...experiment.peek().fit, ...part }).filter(([, value]) => value !== undefined);
  change({ fit: given.length ? (Object.fromEntries(given) as FitSettings) : undefined });
}
