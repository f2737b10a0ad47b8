import { figure } from '../figures.ts';
import { variantText } from '../gpu/variants.ts';
import type { LaunchChoice } from '../selftest/kernel_launches.ts';
import type { KernelTimes } from '../selftest/time_kernel.ts';
import { plannedRun } from './plan.ts';
import { ceilingsLine, type ProfileCommandOptions } from './profile.ts';
import { table } from './tables.ts';
import { adapterLine } from './training_report.ts';
import { shapeText } from './tune.ts';
import { writeJson } from './whole_file.ts';
import { withSession } from './with_session.ts';

/** `wgrad profile --kernel` */
export async function profileKernel(options: ProfileCommandOptions): Promise<void> {
  const { steps, kernel, shape, json } = options;
  const { trainer, dataset, config } = await plannedRun(options);
  await withSession(sessionOf(options), async (session) => {
    console.log(adapterLine(session.adapter));
    const times = await session.call('timeKernel', {
      network: { trainer, dataset },
      choice: choiceOf(options),
      rounds: steps,
    });
    console.log(kernelTable(times));
    for (const line of failureLines(times)) console.log(line);
    console.log(ceilingsLine(times.ceilings));
    if (times.kernels.some(({ isOfNetwork }) => !isOfNetwork)) {
      console.log(
        `shape    this network does not launch ${kernel}: timed at the small shape of its self-test${shape ? ' with the sizes of --shape' : ', which --shape changes'}`,
      );
    }
    if (json) writeJson(json, { config, adapter: session.adapter, ...times });
  });
}

export const choiceOf = ({ kernel, shape, variant }: ProfileCommandOptions): LaunchChoice => ({
  ...(kernel !== undefined && { kernel }),
  ...(shape && { shape }),
  ...(variant !== undefined && { variant }),
});

/** The session options of a command that needs no data set. */
export const sessionOf = ({
  adapter,
  host,
  chrome,
  browserTimeout,
  yes,
  tensorCores = false,
}: ProfileCommandOptions) => ({
  ...{ adapter, host, chrome, browserTimeout, yes, tensorCores, report: console.error },
  datasets: () => {
    throw new Error('a kernel is timed without a data set');
  },
});

/** Why variants do not compile: a line for each. */
export function failureLines({ kernels }: Pick<KernelTimes, 'kernels'>): string[] {
  const lines = kernels.flatMap(({ kernel, failed = [] }) =>
    failed.map(
      ({ variant, reason }) => `warning  ${kernel} (${variantText(variant)}) does not compile here: ${reason}`,
    ),
  );
  return [...new Set(lines)];
}

/** A row for each variant of the kernel at each shape; the network's variant and those that do not compile are marked. */
export function kernelTable({ kernels }: Pick<KernelTimes, 'kernels'>): string {
  const rows = kernels.flatMap(({ kernel, shape, layers, timings, failed = [] }) =>
    [
      ...timings.map((timing) => [
        variantText(timing.variant),
        figure(timing.microseconds),
        figure(timing.spreadMicroseconds),
        figure(timing.gflops),
        figure(timing.gbps),
        `${(100 * timing.rooflineShare).toFixed(0)} %`,
        timing.isUsed ? 'used' : '',
      ]),
      ...failed.map(({ variant }) => [variantText(variant), '', '', '', '', '', 'does not compile']),
    ].map((cells, i) => [i === 0 ? [kernel, ...layers].join(' ') : '', i === 0 ? shapeText(shape) : '', ...cells]),
  );
  const head = ['kernel', 'shape', 'variant', 'microseconds', 'spread', 'GFLOP/s', 'GB/s', 'of roofline', ''];
  return table(head, rows, 3);
}
