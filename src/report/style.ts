/** The report's CSS, legible in print too. */
export const style = `
:root { color-scheme: light; font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; }
body { margin: 0; }
main { max-width: 1120px; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .75rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p { max-width: 80ch; margin: .5rem 0; }
.lead { overflow-wrap: anywhere; white-space: pre-line; }
.legend { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; overflow-wrap: anywhere; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: .5rem 1rem; }
figure { margin: 0 0 .5rem; break-inside: avoid; }
figure.wide { max-width: 900px; }
figcaption { font-weight: 600; font-size: .9rem; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; }
.legend svg { display: inline-block; width: 24px; vertical-align: middle; }
svg text { font: 11px system-ui, sans-serif; fill: #444; }
svg .left { text-anchor: end; dominant-baseline: middle; }
svg .below { text-anchor: middle; }
svg .grid { stroke: #e4e4e4; }
svg .tick { stroke: #888; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .82rem; }
th, td { padding: .2rem .6rem; text-align: left; border-bottom: 1px solid #e4e4e4; vertical-align: top; white-space: nowrap; }
td.words { white-space: normal; min-width: 30ch; }
th { border-bottom: 2px solid #888; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.differs td { font-weight: 600; background: #fff6da; }
pre { background: #f4f4f4; padding: .75rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .8rem; }
dt { font-weight: 600; float: left; clear: left; width: 6rem; }
dd { margin: 0 0 .25rem 6rem; }
`;
