/** The page inside another one: `?embed`, with the parts that are shown of it. */

export const embedParts = ['run', 'network', 'map'] as const;
export type EmbedPart = (typeof embedParts)[number];

export interface Embed {
  /** In the order of the page. */
  parts: readonly EmbedPart[];
  /** What the URL asks for that is no part. */
  unknown: readonly string[];
}

/** @param search the part of the URL after the path: `?embed` for all parts, `?embed=run,network` for some. */
export function readEmbed(search: string): Embed | undefined {
  const value = new URLSearchParams(search).get('embed');
  if (value === null) return undefined;
  const names = value.split(',').filter(Boolean);
  const unknown = names.filter((name) => !(embedParts as readonly string[]).includes(name));
  const parts = embedParts.filter((part) => names.includes(part));
  return { parts: parts.length ? parts : embedParts, unknown };
}

/** Undefined for the page by itself. */
export const embed = readEmbed(location.search);

/** What another page includes this one by. @param hash the experiment, as the part of the URL after the #. */
export function embedCode(hash: string): string {
  const url = `${location.origin}${location.pathname}?embed${hash}`.replaceAll('"', '%22').replaceAll('&', '&amp;');
  return `<iframe src="${url}" width="800" height="760" style="border: 0" title="wgrad: watch gradients vanish"></iframe>`;
}
