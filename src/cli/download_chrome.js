// Downloads a Chrome into Puppeteer's cache: node download_chrome.js <build> <folder>. It is a separate program so that
// get_chrome.ts can end a download that hangs, and plain JavaScript because a clone runs it without a build.
import { Browser, install } from '@puppeteer/browsers';

const [, , buildId, cacheDir] = process.argv;
const megabytes = (bytes) => Math.round(bytes / 1e6);
let nextQuarter = 0;

/** Reports the size of the download at its beginning, and its progress at each quarter. */
function downloadProgressCallback(done, total) {
  if (!total || done / total < nextQuarter) return;
  console.error(
    nextQuarter === 0
      ? `Downloading Chrome ${buildId}, ${megabytes(total)} MB, into ${cacheDir}`
      : `${megabytes(done)} of ${megabytes(total)} MB`,
  );
  nextQuarter = Math.floor((done / total) * 4) / 4 + 0.25;
}

try {
  await install({
    browser: Browser.CHROME,
    buildId,
    cacheDir,
    // The environment variable with which Puppeteer selects a mirror.
    baseUrl: process.env.PUPPETEER_CHROME_DOWNLOAD_BASE_URL,
    downloadProgressCallback,
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
