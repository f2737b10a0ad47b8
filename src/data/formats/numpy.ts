import { type DataFormat, havePictureClasses, ofKind } from './data_format.ts';

/** NumPy's arrays: `x_train.npy`, or Keras' `mnist.npz`. */
export const numpyFormat: DataFormat = {
  readable: 'NumPy arrays of images and of labels (.npy, .npz)',
  async claim(files, { options }) {
    const arrays = ofKind(files, 'npy');
    if (arrays.length === 0 || havePictureClasses(files)) return undefined;
    return { files: arrays, read: async () => (await import('./read_numpy.ts')).readNumpyFiles(arrays, options) };
  },
};
