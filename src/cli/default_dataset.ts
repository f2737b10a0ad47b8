import type { Command } from 'commander';
import type { DatasetName } from '../data/index.ts';
import { WgradError } from '../errors.ts';
import { foundFolder } from './datasets.ts';
import { makeDataset } from './make_dataset.ts';

const best: DatasetName = 'mnist';
const packaged: DatasetName = 'digits';

/**
 * Gives a command that names no data set one before it runs: MNIST, downloaded where it is missing, or where that fails
 * the digits of the package, with a line that says so. The first command of a new user works without anything else.
 */
export function addDefaultDataset(command: Command): Command {
  return command.hook('preAction', async (_, acting) => {
    if (acting.getOptionValueSource('dataset') !== 'default') return;
    // A plan asks for the shape of the images alone, which is known.
    if (acting.getOptionValue('plan')) return;
    // A resumed run has its own.
    if (acting.name() === 'train' && acting.getOptionValue('resume') !== undefined) return;
    acting.setOptionValueWithSource('dataset', await availableDataset(), 'default');
  });
}

/** MNIST, or the digits of the package where it cannot be downloaded. */
export async function availableDataset(): Promise<DatasetName> {
  const failure = await makeDefaultDataset();
  if (!failure) return best;
  console.error(failure);
  console.error('This uses digits instead, which are in the package: 1,797 images of 8 x 8.');
  return packaged;
}

/** Downloads MNIST where it is missing. @returns why it could not be downloaded, as a sentence. */
export async function makeDefaultDataset(): Promise<string | undefined> {
  if (foundFolder(best)) return undefined;
  try {
    await makeDataset(best);
    return undefined;
  } catch (error) {
    if (!(error instanceof WgradError)) throw error;
    const [reason] = String(error.parts.found).split('\n');
    return `MNIST could not be downloaded (${reason}; wgrad data get mnist shows details).`;
  }
}
