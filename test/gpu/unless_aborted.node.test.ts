import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { unlessAborted } from '../../src/gpu/unless_aborted.ts';

const never = new Promise<never>(() => {});
const soon = <T>(value: T) => new Promise<T>((resolve) => setTimeout(() => resolve(value)));

test('gives what the work gives, and leaves nothing on the signals', async () => {
  const [one, other] = [new AbortController().signal, new AbortController().signal];
  const given = unlessAborted(soon(7), one, other);
  expect(getEventListeners(one, 'abort')).toHaveLength(1);
  expect(await given).toBe(7);
  await expect(unlessAborted(Promise.reject(new Error('of the work')), one, other)).rejects.toThrow('of the work');
  expect([one, other].flatMap((signal) => getEventListeners(signal, 'abort'))).toEqual([]);
});

test('rejects with the reason of the signal that aborts', async () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const given = unlessAborted(never, one.signal, other.signal);
  other.abort(new Error('the other'));
  await expect(given).rejects.toThrow('the other');
  expect(getEventListeners(one.signal, 'abort')).toEqual([]);
});

test('a signal that has aborted comes before work that is done', async () => {
  await expect(unlessAborted(Promise.resolve(7), AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
});

test('an error of work after the abort is caught', async () => {
  const late = soon(0).then(() => {
    throw new Error('late');
  });
  await expect(unlessAborted(late, AbortSignal.abort(new Error('first')))).rejects.toThrow('first');
  await soon(0);
});
