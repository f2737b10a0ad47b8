import { WgradError } from '../../errors.ts';
import type { Outcome, PageError } from './protocol.ts';

/** The answer of a page to a call; errors reach the command as JSON too. */
export async function outcome<Value>(work: () => Promise<Value>): Promise<Outcome<Value>> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error: describe(error) };
  }
}

function describe(error: unknown): PageError {
  if (error instanceof WgradError) return { parts: error.parts, exitCode: error.exitCode, name: error.name };
  return { stack: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
