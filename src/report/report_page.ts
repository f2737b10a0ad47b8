import { html, Markup } from './markup.ts';
import { style } from './style.ts';

/**
 * A report as one HTML page that loads nothing and runs no script; a content security policy says so. @param content follows the
 * title. @param made the command that wrote the report, and additional CSS.
 */
export const reportPage = (title: string, content: Markup, { made = 'wgrad compare', style: more = '' } = {}): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${title}: ${made}</title>
<style>${new Markup(style + more)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`.text;
