/** The options with one changed, or removed if it is undefined, so that its default applies. */
export function withOption<Options extends object>(options: Options, name: string, value: unknown): Options {
  const { [name]: _, ...others } = options as Record<string, unknown>;
  return (value === undefined ? others : { ...others, [name]: value }) as Options;
}
