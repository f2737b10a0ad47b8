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
 * Parts of uPlot that no chart of the page uses, which are half of its code: date axes, bars, steps, splines, points and bands, joined
 * tables, legends, linked cursors, series that are added, removed or focused later, plugins, range selection with the mouse, swapped axes,
 * scales that are neither linear nor logarithmic, and default ranges and ticks, which the page's charts replace. Conditions that are the
 * same for all charts become constants, so that the bundler drops the code that depends on them.
 */
const plotParts: readonly [part: RegExp, replacement: string][] = [
  [/^const months = \[[\s\S]*?^const engNames = \{[\s\S]*?^\};/m, 'const engNames = undefined;'],
  [/^const localTz = .*;$/m, 'const localTz = undefined;'],
  [/^genIncrs\(2, .*$/m, ''],
  [/^function fmtDate\([\s\S]*?^\}/m, 'const fmtDate = () => () => "";'],
  [/^function genTimeStuffs\([\s\S]*?^\}/m, 'const genTimeStuffs = () => [[], [], () => () => []];'],
  [
    /^\tconst _timeAxisSplits = [\s\S]*?^\tconst _timeSeriesVal .*$/m,
    'let _timeAxisSplits, _timeAxisVals, _timeSeriesVal;',
  ],
  [/^\t?uPlot\.(assign|fmtNum|range\w*|orient|join|fmtDate|tzDate|sync|addGap|clipGaps)\s+= \w+;$/gm, ''],
  [/let paths = uPlot\.paths[\s\S]*?monotoneCubic\);/, ''],
  [/^const pointsPath = .*$/m, 'const pointsPath = undefined;'],
  [/show: seriesPointsShow,/, 'show: false,'],
  [/let show = (s\.points\.show\(.*\);)[\s\S]*?drawPath\(i, true\);\s*\}/, '$1'],
  [/cacheStrokeFill\(i, true\);/, ''],
  [/function (cacheStrokeFill|drawPath)\(si, _points\) \{/g, 'function $1(si) { const _points = false;'],
  [/let shouldAlpha = .*$/m, 'const shouldAlpha = false;'],
  [/^function bandFillClipDirs\([\s\S]*?^\}/m, 'const bandFillClipDirs = () => [0, 0];'],
  [/^\t{3}if \(series\.fill != null [\s\S]*?^\t{3}\}/m, ''],
  [/^\t{3}if \(bandClipDir != 0\) \{[\s\S]*?^\t{3}\}/m, ''],
  [/^\tbands\.forEach\([\s\S]*?^\t\}\);/m, ''],
  [/^\tfunction setBand\([\s\S]*?self\.delBand = delBand;/m, ''],
  [/s\.fillTo = fnOrSelf\(.*;/, ''],
  [/^\tfunction fillStroke\([\s\S]*?^\t\}/m, 'const fillStroke = (_, ...parts) => strokeFill(...parts);'],
  [/^\t\tif \(bandClip\) \{[\s\S]*?^\t\t\}\s*else (?=\{)/m, ''],
  [/^\t+if \((stroke|fill)Path instanceof Map\) \{[\s\S]*?\}\);\s*\}\s*else/gm, ''],
  [/^\tfunction addSeries\([\s\S]*?self\.delSeries = delSeries;/m, ''],
  [/^\tfunction setFocus\([\s\S]*?^\t\}/m, 'const setFocus = () => {};'],
  [/^\t\(opts\.plugins \|\| \[\]\)\.forEach\([\s\S]*?^\t\}\);/gm, ''],
  [/^\t{3}if \(scaleOpts\.from != null\) \{[\s\S]*?^\t{3}\}\s*else (?=\{)/m, ''],
  [/^\t{4}if \(scaleKey != xScaleKey [\s\S]*?^\t{4}\}/m, ''],
  [/sc\.range = fnOrSelf\([\s\S]*?\)\);/, 'sc.range = rn;'],
  [/^\t{4}else if \(_min == _max\) \{[\s\S]*?^\t{4}\}/m, ''],
  [/axis\.splits = fnOrSelf\(.*;/, 'axis.splits = axis.splits || numAxisSplits;'],
  [/axis\.filter = fnOrSelf\(.*;/, 'axis.filter = axis.filter || retArg1;'],
  [/axis\.values = \([\s\S]*?numAxisVals\s*\);/, ''],
  [/self\.padding = \(opts\.padding .*;/, 'self.padding = opts.padding.map((each) => () => each);'],
  [/return \(sx\.ori == 0\s*\?([\s\S]*?)\s*:[\s\S]*?\n\t\);/, 'return ($1);'],
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
  [/_pub && pubSync\(.*;/, ''],
  [/^\t{3}if \(_pub\) \{[\s\S]*?^\t{3}\}/m, ''],
  [/^\t\telse \{\s*if \(_l < 0 \|\| _t < 0\) \{[\s\S]*?^\t\t\}/m, ''],
  [/^\tconst events = \{\};[\s\S]*?(?=^\tif \(showCursor\) \{)/m, ''],
  [/^\tconst seriesIdxMatcher = [\s\S]*?self\.pub = pub;/m, ''],
  [/sync\.unsub\(self\);/, ''],
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
