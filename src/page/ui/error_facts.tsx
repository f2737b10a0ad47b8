import type { ErrorParts } from '../../errors.ts';

/** The details of an error, after its first sentence. */
export function Facts({ found, expected, fix }: Partial<ErrorParts>) {
  const facts = Object.entries({ Found: found, Expected: expected, Fix: fix }).filter(
    ([, value]) => value !== undefined,
  );
  return (
    <dl>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{textOf(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** An error in the panel whose button caused it. */
export function Refused({ what, ...facts }: ErrorParts) {
  return (
    <div role="alert">
      <p>{what}.</p>
      <Facts {...facts} />
    </div>
  );
}

/** A value as text in an error. */
export const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
