import { type DataFormat, havePictureClasses, ofKind } from './data_format.ts';

/** The binary version of CIFAR-100. */
export const cifar100Format: DataFormat = {
  readable: 'that of CIFAR-100 (train.bin, test.bin)',
  async claim(files, { options }) {
    const batches = ofKind(files, 'cifar100');
    if (batches.length === 0 || havePictureClasses(files)) return undefined;
    return { files: batches, read: async () => (await import('./read_cifar100.ts')).readCifar100(batches, options) };
  },
};
