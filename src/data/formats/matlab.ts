import { type DataFormat, havePictureClasses, ofKind } from './data_format.ts';

/** MATLAB's files, such as SVHN's `train_32x32.mat`. */
export const matlabFormat: DataFormat = {
  readable: "MATLAB's version 5 files of images and labels (train_32x32.mat)",
  async claim(files, { options }) {
    const matrices = ofKind(files, 'matlab');
    if (matrices.length === 0 || havePictureClasses(files)) return undefined;
    return { files: matrices, read: async () => (await import('./read_matlab.ts')).readMatlabFiles(matrices, options) };
  },
};
