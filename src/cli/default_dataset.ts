import type { Command } from 'commander';
import type { DatasetName } from '../data/index.ts';
import { WgradError } from '../errors.ts';
import { foundFolder } from './datasets.ts';
import { firstLine } from './first_line.ts';
import { makeDataset } from './make_dataset.ts';

const best: DatasetName = 'mnist';
const packaged: DatasetName = 'digits';

/**
 * Chooses a data set before a command runs, if none is given: MNIST, which is downloaded if it is missing, or if that fails the
 * digits of the package, with a message. So a new user's first command works without any other step.
 */
export function addDefaultDataset(command: Command): Command {
  return command.hook('preAction', async (_, acting) => {
    if (acting.getOptionValueSource('dataset') !== 'default') return;
    // A plan needs only the shape of the images, which is known.
    if (acting.getOptionValue('plan')) return;
    // A resumed run uses its own data set.
    if (acting.name() === 'train' && acting.getOptionValue('resume') !== undefined) return;
    acting.setOptionValueWithSource('dataset', await availableDataset(), 'default');
  });
}

/** MNIST, or the digits of the package if it cannot be downloaded. */
export async function availableDataset(): Promise<DatasetName> {
  const failure = await makeDefaultDataset();
  if (!failure) return best;
  console.error(failure);
  console.error('Using digits instead, which are included in the package: 1,797 images of 8 x 8.');
  return packaged;
}

/** Downloads MNIST if it is missing. @returns why it could not be downloaded, as a sentence. */
export async function makeDefaultDataset(): Promise<string | undefined> {
  if (foundFolder(best)) return undefined;
  try {
    await makeDataset(best);
    return undefined;
  } catch (error) {
    if (!(error instanceof WgradError)) throw error;
    return `MNIST could not be downloaded (${firstLine(String(error.parts.found))}; wgrad data get mnist shows details).`;
  }
}
