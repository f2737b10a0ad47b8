import { WgradError } from '../../errors.ts';
import type { Outcome, PageError } from './protocol.ts';

/** The page's answer to a call; errors are also sent to the command as JSON. */
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
