/** The page embedded in another one: `?embed`, optionally with the parts to show. */

export const embedParts = ['run', 'network', 'map'] as const;
export type EmbedPart = (typeof embedParts)[number];

export interface Embed {
  /** In the page's order. */
  parts: readonly EmbedPart[];
  /** Names in the URL that are not parts. */
  unknown: readonly string[];
}

/** @param search the query of the URL: `?embed` for all parts, `?embed=run,network` for some. */
function readEmbed(search: string): Embed | undefined {
  const value = new URLSearchParams(search).get('embed');
  if (value === null) return undefined;
  const names = value.split(',').filter(Boolean);
  const unknown = names.filter((name) => !(embedParts as readonly string[]).includes(name));
  const parts = embedParts.filter((part) => names.includes(part));
  return { parts: parts.length ? parts : embedParts, unknown };
}

/** Undefined if the page is not embedded. */
export const embed = readEmbed(location.search);

/** HTML for embedding the page. @param hash the experiment, as the URL's fragment. */
export function embedCode(hash: string): string {
  const url = `${location.origin}${location.pathname}?embed${hash}`.replaceAll('"', '%22').replaceAll('&', '&amp;');
  return `<iframe src="${url}" width="800" height="760" style="border: 0" title="wgrad: watch gradients vanish"></iframe>`;
}
