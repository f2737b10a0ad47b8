import {
  ConfigurationError,
  DataError,
  DeviceLostError,
  type ErrorParts,
  SetupError,
  ShaderError,
  TrainingError,
  WgradError,
} from '../../errors.ts';
import { NonFiniteError } from '../../train/diagnosis.ts';

/** An error as plain data: a structured clone of an error loses its class and everything but name, message and stack. */
export type SentError =
  | { name: string; parts: ErrorParts; properties: Record<string, unknown>; stack?: string | undefined }
  | { other: unknown };

const classes = { WgradError, SetupError, ConfigurationError, DataError, ShaderError, TrainingError, DeviceLostError };

/** Additional properties of some errors. */
const own = ['layer', 'pass', 'step', 'history'] as const;

/** @returns data that can be cloned. */
export function errorToSend(error: unknown): SentError {
  if (!(error instanceof WgradError)) return { other: clonable(error) };
  const { name, parts, stack } = error;
  const given = error as unknown as Record<string, unknown>;
  return {
    name,
    parts: { ...parts, ...('found' in parts && { found: clonable(parts.found) }) },
    properties: Object.fromEntries(own.filter((key) => given[key] !== undefined).map((key) => [key, given[key]])),
    stack,
  };
}

/** The value, or its text if it cannot be cloned. */
function clonable(value: unknown): unknown {
  try {
    structuredClone(value);
    return value;
  } catch {
    return String(value);
  }
}

/** Recreates the error that was sent, with its class. */
export function errorSent(sent: SentError): unknown {
  if ('other' in sent) return sent.other;
  const { name, parts, properties, stack } = sent;
  // NonFiniteError's constructor takes other arguments and derives the parts from them, so the base class's constructor is called
  // instead.
  const error =
    name === 'NonFiniteError'
      ? (Reflect.construct(TrainingError, [parts], NonFiniteError) as NonFiniteError)
      : new (classes[name as keyof typeof classes] ?? WgradError)(parts);
  return Object.assign(error, properties, stack !== undefined && { stack });
}
