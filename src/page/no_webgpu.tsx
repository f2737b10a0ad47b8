import type { ComponentChildren } from 'preact';
import { browserOf, waysToWebGpu } from './app/browser.ts';
import { noGpu } from './app/state.ts';
import { textOf } from './ui/error_facts.tsx';

/** Replaces the page if there is no WebGPU: what was tried, and what to do in this browser on this system. */
export function NoWebGpu() {
  const error = noGpu.value;
  if (!error) return null;
  const browser = browserOf(navigator.userAgent);
  const { name, version, system } = browser;
  const tried = [
    `${name}${version ? ` ${version}` : ''} on ${system}`,
    `a secure page (https or localhost): ${isSecureContext ? 'yes' : 'no'}`,
    `navigator.gpu: ${navigator.gpu ? 'available' : 'missing'}`,
    ...('found' in error ? [`opening a GPU in a worker: ${textOf(error.found)}`] : []),
  ];
  return (
    <div class="panel error" role="alert">
      <h2>{error.what}: this page can't train</h2>
      <h3>What was tried</h3>
      <ul>
        {tried.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
      <h3>What to do</h3>
      <ul>
        {waysToWebGpu(browser, isSecureContext).map((text) => (
          <li key={text}>{withCode(text)}</li>
        ))}
      </ul>
    </div>
  );
}

/** Formats text in backquotes as code. */
const withCode = (text: string): ComponentChildren =>
  text.split('`').map((part, index) => (index % 2 ? <code key={index}>{part}</code> : part));
