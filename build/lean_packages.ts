import type { Plugin } from 'vite';
import { replaceParts } from './replace_parts.ts';

/**
 * Parts of hyparquet that are not needed to read two columns: row filters, geometries and variants. They are half of its code, which the
 * page, the library and the command all contain.
 */
const parquetParts: Readonly<Record<string, string>> = {
  bloom: 'export const bloomEligibleColumns = () => [], readBloomFilter = () => undefined;',
  filter:
    'export const pathsNeededForFilter = () => [], columnsNeededForFilter = () => [], matchFilter = () => true, ' +
    'canSkipRowGroup = () => false, filterPageRanges = () => undefined;',
  geoparquet: 'export const markGeoColumns = () => undefined;',
  variant: 'export const decodeVariantColumn = (value) => value;',
  wkb: 'export const wkbToGeojson = () => undefined;',
};

/** Likewise within files that are needed: what depends on statistics, page indexes, row filters, rows as arrays and partial results. */
const parquetCuts: Readonly<Record<string, readonly [part: RegExp, replacement: string][]>> = {
  plan: [
    [/^export async function prefetchBloomFilters\([\s\S]*?^\}/m, ''],
    [/^export async function prefetchPageIndexes\([\s\S]*?^\}/m, ''],
    [/filter \? \{[\s\S]*?\} : schemaElements/, 'undefined'],
    [/^ {6}if \(ranges\.length > 1\) \{[\s\S]*?^ {6}\}/m, ''],
    [/^ {4}if \(chunkPageLocations[\s\S]*?^ {4}\} else \{/m, '    {'],
  ],
  scan: [
    [/, prefetchBloomFilters, prefetchPageIndexes/, ''],
    [/^ {2}prepared = await with\w+\(prepared\)$/gm, ''],
    [/^async function with(BloomFilters|PageIndexes)\([\s\S]*?^\}/gm, ''],
  ],
  metadata: [[/^function convertStats\([\s\S]*?^\}/m, 'const convertStats = () => undefined;']],
  column: [[/^function pageStatistics\([\s\S]*?^\}/m, 'const pageStatistics = () => undefined;']],
  rowgroup: [
    [/^ {4}if \('pageLocations' in chunk\) \{[\s\S]*?^ {4}\} else \{/m, '    {'],
    [/^ {2}if \(rowFormat === 'object'\) (\{[\s\S]*?^ {2}\})[\s\S]*?^\}/m, '  $1\n}'],
  ],
  read: [
    [/^ {2}if \(onChunk\) \{[\s\S]*?^ {2}\}/m, ''],
    [/^ {6}if \(options\.includeRowIndex\) \{[\s\S]*?^ {6}\}/m, ''],
    [/^ {6}if \(filter\) \{[\s\S]*?^ {6}\} else \{/m, '      {'],
  ],
};

export const leanParquet: Plugin = {
  name: 'wgrad-lean-parquet',
  enforce: 'pre',
  load: (id) => parquetParts[parquetFile(id)],
  transform(code, id) {
    const cuts = parquetCuts[parquetFile(id)];
    return cuts && { code: replaceParts(this, code, cuts, 'hyparquet'), map: null };
  },
};

/** The name of a file of hyparquet; empty for other files. */
const parquetFile = (id: string): string => /\/hyparquet\/src\/(\w+)\.js$/.exec(id)?.[1] ?? '';

/** fflate without its compressor: all archives are written uncompressed, because weights hardly compress. */
export const leanZip: Plugin = {
  name: 'wgrad-lean-zip',
  apply: 'build',
  enforce: 'pre',
  transform(code, id) {
    if (!/\/fflate\/esm\/(browser|index)\.m?js$/.test(id)) return undefined;
    const parts: [RegExp, string][] = [[/var d = compression \? deflateSync\(file, p\) : file,/, 'var d = file,']];
    return { code: replaceParts(this, code, parts, 'fflate'), map: null };
  },
};

/**
 * Parts of uPlot that no chart of the page uses, which are two fifths of its code: date axes, bars, steps, splines and bands, joined
 * tables, legends, linked cursors, range selection with the mouse, swapped axes, and scales that are neither linear nor logarithmic.
 * Conditions that are the same for all charts become constants, so that the bundler drops the code that depends on them.
 */
const plotParts: readonly [part: RegExp, replacement: string][] = [
  [/^function fmtDate\([\s\S]*?^\}/m, 'const fmtDate = () => () => "";'],
  [/^function genTimeStuffs\([\s\S]*?^\}/m, 'const genTimeStuffs = () => [[], [], () => () => []];'],
  [/^\t?uPlot\.(assign|fmtNum|range\w*|orient|join|fmtDate|tzDate|sync|addGap|clipGaps)\s+= \w+;$/gm, ''],
  [/\(paths\.stepped[\s\S]*?monotoneCubic\);/, ''],
  [/^function join\([\s\S]*?^\}/m, 'const join = undefined;'],
  [/^function tzDate\([\s\S]*?^\}/m, 'const tzDate = undefined;'],
  [/^function timeAxisVals\([\s\S]*?^\}/m, 'const timeAxisVals = () => undefined;'],
  [/^function clipBandLine\([\s\S]*?^\}/m, 'const clipBandLine = undefined;'],
  [/^function asinhAxisSplits\([\s\S]*?^\}/m, 'const asinhAxisSplits = undefined;'],
  [/^function log2AxisValsFilt\([\s\S]*?^\}/m, 'const log2AxisValsFilt = undefined;'],
  [/const showLegend = legend\.show;/, 'const showLegend = false;'],
  [/const cursorFocus = focus\.prox >= 0;/, 'const cursorFocus = false;'],
  [/const mode = u\.mode;/, 'const mode = 1;'],
  [/(const|let) mode = self\.mode;/g, 'const mode = 1;'],
  [/\b(sc\.|scale\.)?distr == (2|4|100)\b|\b(xScaleDistr == 2|scaleX\.ori == 1|src != null)\b/g, 'false'],
  [/\b(scaleX\.ori == 0|src == null)\b/g, 'true'],
  [/let isTime = (mode == 1 && )?\w[\w.[\]]*;/g, 'const isTime = false;'],
  [/^function _sync\([\s\S]*?^\}/m, 'const _sync = () => ({ pub() {}, sub() {}, unsub() {} });'],
  [/^function rangeAsinh\([\s\S]*?^\}/m, 'const rangeAsinh = undefined;'],
  [/^\tfunction dblClick\([\s\S]*?^\t\}/m, 'const dblClick = () => {};'],
  [/^\t\tif \(select\.show && dragging\) \{[\s\S]*?^\t\t\}/m, ''],
  [/^\t\tif \(dragging\) \{[\s\S]*?^\t\t\}/m, ''],
  [
    /^\tfunction mouseDown\([\s\S]*?^\t\}\s*function mouseUp\([\s\S]*?^\t\}/m,
    'const mouseDown = () => {}, mouseUp = mouseDown;',
  ],
];

export const leanPlot: Plugin = {
  name: 'wgrad-lean-plot',
  apply: 'build',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('/uPlot.esm.js')) return undefined;
    return { code: replaceParts(this, code, plotParts, 'uPlot'), map: null };
  },
};
