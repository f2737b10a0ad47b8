import { concatenated } from '../../concatenated.ts';
import { ConfigurationError, DataError, suggest } from '../../errors.ts';
import type { DatasetParts } from '../dataset.ts';
import type { IdentifiedFile } from '../identify.ts';
import type { UserDataset } from '../reading_report.ts';
import type { Split } from '../splits.ts';
import type { UserFilesOptions } from '../user_files.ts';
import { arranged } from './image_values.ts';
import { assemble, bySplit, bytesOf, type FileReport } from './split_files.ts';

// The binary version of CIFAR-100 (https://www.cs.toronto.edu/~kriz/cifar.html): records of a coarse label, a fine label and three
// planes of 32 x 32. The class names are those of fine_label_names.txt and coarse_label_names.txt, in order.

const side = 32;
const imageBytes = 3 * side * side;
const recordBytes = 2 + imageBytes;

const names = {
  coarse:
    'aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices household_furniture insects ' +
    'large_carnivores large_man-made_outdoor_things large_natural_outdoor_scenes large_omnivores_and_herbivores medium_mammals ' +
    'non-insect_invertebrates people reptiles small_mammals trees vehicles_1 vehicles_2',
  fine:
    'apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle caterpillar ' +
    'cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl ' +
    'hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom ' +
    'oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road ' +
    'rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank ' +
    'telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm',
};

/** @throws ConfigurationError if `labels` is neither fine nor coarse. */
export async function readCifar100(
  files: readonly IdentifiedFile[],
  { validationSplit, labels: kind = 'fine' }: UserFilesOptions,
): Promise<UserDataset> {
  if (kind !== 'fine' && kind !== 'coarse') {
    throw new ConfigurationError({
      what: 'Invalid labels of CIFAR-100',
      found: kind,
      expected: 'fine or coarse',
      fix: suggest(kind, ['fine', 'coarse']),
    });
  }
  const classNames = names[kind].split(' ');
  const report: FileReport = { format: 'CIFAR-100', ignored: [], notes: [`its ${classNames.length} ${kind} labels`] };
  const parts: Partial<Record<Split, DatasetParts>> = {};
  const from: Partial<Record<Split, string[]>> = {};
  for (const [split, ofSplit] of bySplit(files)) {
    const bytes = concatenated(Uint8Array, await Promise.all(ofSplit.map((file) => bytesOf(file, report))));
    const count = bytes.length / recordBytes;
    const path = ofSplit.map((file) => file.path).join(', ');
    if (!Number.isInteger(count) || count === 0) {
      throw new DataError({
        what: `${path} is not a whole number of CIFAR-100's records`,
        found: `${bytes.length} bytes`,
        expected: `a multiple of ${recordBytes}`,
        fix: 'download the file again',
      });
    }
    const labels = new Uint8Array(count);
    const planes = new Uint8Array(count * imageBytes);
    for (let i = 0; i < count; i++) {
      labels[i] = bytes[i * recordBytes + (kind === 'fine' ? 1 : 0)]!;
      planes.set(bytes.subarray(i * recordBytes + 2, (i + 1) * recordBytes), i * imageBytes);
    }
    const { images, imageShape } = arranged(planes, count, { imageShape: [side, side, 3], order: 'channels first' });
    parts[split] = { images, imageShape, labels, classNames };
    from[split] = ofSplit.map((file) => file.path);
  }
  return assemble(parts, from, report, validationSplit);
}
