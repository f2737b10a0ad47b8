import { writeFileSync } from 'node:fs';
import { median } from 'simple-statistics';
import { hostTitles } from '../../src/cli/hosts/host_names.ts';
import type { Session } from '../../src/cli/session.ts';
import { table } from '../../src/cli/tables.ts';
import { figure } from '../../src/figures.ts';
import { benchDatasets, benchModel, trainedLine } from './networks.ts';
import { openBenchPage, type PeersOptions } from './peers.ts';
import type { BenchPage } from './protocol.ts';

/** The browsers of this machine that run on the CPU, Chrome first: the others are compared with it. */
const browsers = ['chrome', 'firefox'] as const;

/** The measurements of one browser at one batch size. */
export interface BrowserTimes {
  browser: (typeof browsers)[number];
  version: string;
  /** From the loaded page to the first finished step. */
  startMs: number;
  imagesPerSecond: number[];
  /** Images per second of processor time: other load on the machine affects it little. */
  imagesPerCpuSecond: number[];
}

/** `wgrad bench --browsers`: wgrad's step in each browser on the CPU, measured in alternating turns. */
export async function benchBrowsers(options: PeersOptions): Promise<void> {
  const { datasets, synthetic } = await benchDatasets(options.dataset);
  const model = benchModel(options.model, datasets.train);
  const { rounds = 5, turnSeconds = 3 } = options;
  const opened = (host: (typeof browsers)[number], work: (session: Session<BenchPage>) => Promise<void>) =>
    openBenchPage({ ...options, host, adapter: 'software' }, () => datasets, work);
  const results: { batchSize: number; times: BrowserTimes[] }[] = [];
  console.log(trainedLine(options, datasets.train, synthetic));
  for (const batchSize of options.batchSize ?? [32]) {
    await opened('chrome', (chrome) =>
      opened('firefox', async (firefox) => {
        const sessions = { chrome, firefox };
        const times: BrowserTimes[] = [];
        for (const browser of browsers) {
          await sessions[browser].call('prepare', model);
          const { ms } = await sessions[browser].call('start', 'wgrad', batchSize);
          times.push({
            browser,
            version: sessions[browser].version,
            startMs: ms,
            imagesPerSecond: [],
            imagesPerCpuSecond: [],
          });
        }
        const turn = async (each: BrowserTimes, steps: number) => {
          const session = sessions[each.browser];
          const before = session.processorSeconds();
          const { ms } = await session.call('train', 'wgrad', steps);
          const taken = (session.processorSeconds() ?? 0) - (before ?? 0);
          const images = steps * batchSize;
          return { rate: (1000 * images) / ms, ofCpu: taken > 0 ? images / taken : Number.NaN };
        };
        const steps = new Map<BrowserTimes, number>();
        for (const each of times) {
          const { rate } = await turn(each, 4);
          steps.set(each, Math.max(1, Math.round((rate * turnSeconds) / batchSize)));
        }
        for (let round = 0; round < rounds; round++) {
          const order = round % 2 ? [...times].reverse() : times;
          for (const each of order) {
            const { rate, ofCpu } = await turn(each, steps.get(each)!);
            each.imagesPerSecond.push(rate);
            each.imagesPerCpuSecond.push(ofCpu);
          }
        }
        console.log(browsersTable(times));
        results.push({ batchSize, times });
      }),
    );
  }
  if (!options.json) return;
  writeFileSync(options.json, `${JSON.stringify({ model, dataset: options.dataset, browsers: results })}\n`);
  console.log(`written  ${options.json}`);
}

export function browsersTable(times: readonly BrowserTimes[]): string {
  const [chrome] = times;
  const rows = times.map(({ browser, version, startMs, imagesPerSecond, imagesPerCpuSecond }) => {
    // Compare turns of the same round, because other load on the machine slows both.
    const ratios = imagesPerSecond.map((rate, i) => rate / chrome!.imagesPerSecond[i]!);
    return [
      `${hostTitles[browser]} ${version.split('/')[1] ?? ''}`,
      `${figure(startMs / 1000)} s`,
      figure(median(imagesPerSecond)),
      `${figure(Math.min(...imagesPerSecond))} to ${figure(Math.max(...imagesPerSecond))}`,
      figure(median(ratios)),
      figure(median(imagesPerCpuSecond)),
    ];
  });
  return table(['browser', 'first step', 'images/s', 'range', 'of Chrome', 'images/s of CPU time'], rows, 1);
}
