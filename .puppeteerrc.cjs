// `npm install` must not depend on a browser's download: wgrad looks for a Chrome and gets one on demand (src/cli/chrome.ts).
module.exports = { skipDownload: true };
