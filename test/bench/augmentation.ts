import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { median } from 'simple-statistics';
import type { Session } from '../../src/cli/session.ts';
import { table } from '../../src/cli/tables.ts';
import { figure } from '../../src/figures.ts';
import type { BenchPage } from './protocol.ts';

/** Image shapes of MNIST and CIFAR-10. */
const shapes = [
  [28, 28, 1],
  [32, 32, 3],
] as const;

const turnSeconds = 2;

export interface AugmentationRates {
  imageShape: readonly number[];
  /** Images per second, by round. */
  wgrad: number[];
  /** Empty if there is no Python with SciPy. */
  scipy: number[];
}

/** Measures the augmentation alone, alternating with SciPy's affine_transform as Keras calls it. */
export async function measureAugmentation(session: Session<BenchPage>, rounds: number): Promise<AugmentationRates[]> {
  const all: AugmentationRates[] = [];
  for (const imageShape of shapes) {
    const scipy = await Scipy.start(imageShape);
    const rates: AugmentationRates = { imageShape, wgrad: [], scipy: [] };
    try {
      await session.call('augment', imageShape, 300); // Compiles and warms up.
      for (let round = 0; round < rounds; round++) {
        rates.wgrad.push(await session.call('augment', imageShape, 1000 * turnSeconds));
        if (scipy) rates.scipy.push(await scipy.measure());
      }
    } finally {
      scipy?.end();
    }
    all.push(rates);
  }
  return all;
}

export function augmentationTable(all: readonly AugmentationRates[]): string {
  const rows = all.map(({ imageShape, wgrad, scipy }) => {
    const ratio = median(wgrad.map((rate, i) => rate / (scipy[i] ?? Number.NaN)));
    const beside = scipy.length > 0 ? [figure(Math.round(median(scipy))), `${ratio.toFixed(2)} x`] : ['no SciPy', ''];
    return [imageShape.join(' x '), figure(Math.round(median(wgrad))), ...beside];
  });
  return table(['augmentation alone', 'wgrad images/s', 'SciPy images/s', 'ratio'], rows);
}

/** A Python process that measures on request. */
class Scipy {
  private constructor(
    private readonly process: ChildProcess,
    private readonly lines: Interface,
  ) {}

  /** Undefined if there is no python3 with SciPy. */
  static async start(imageShape: readonly number[]): Promise<Scipy | undefined> {
    const script = fileURLToPath(new URL('../../test/bench/scipy_affine.py', import.meta.url));
    for (const python of ['python3', '/usr/bin/python3']) {
      const args = [script, String(turnSeconds), ...imageShape.map(String)];
      const child = spawn(python, args, { stdio: ['pipe', 'pipe', 'ignore'] });
      const lines = createInterface({ input: child.stdout });
      const ready = once(lines, 'line').then(() => true);
      const gone = new Promise<false>((resolve) => {
        child.once('error', () => resolve(false));
        child.once('exit', () => resolve(false));
      });
      if (await Promise.race([ready, gone])) return new Scipy(child, lines);
    }
    return undefined;
  }

  /** Images per second. */
  async measure(): Promise<number> {
    this.process.stdin!.write('\n');
    const [line] = (await once(this.lines, 'line')) as [string];
    return Number(line);
  }

  end(): void {
    this.process.kill();
  }
}
