/** The same options with one changed, or left out where it is undefined: then its default holds. */
export function withOption<Options extends object>(options: Options, name: string, value: unknown): Options {
  const { [name]: _, ...others } = options as Record<string, unknown>;
  return (value === undefined ? others : { ...others, [name]: value }) as Options;
}
