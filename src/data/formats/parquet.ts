import { type DataFormat, havePictureClasses, ofKind } from './data_format.ts';

/** Parquet tables with a column of encoded pictures, as Hugging Face publishes data sets. */
export const parquetFormat: DataFormat = {
  readable: 'Parquet tables of pictures, as Hugging Face has them',
  async claim(files, { options, readPictures }) {
    const tables = ofKind(files, 'parquet');
    if (tables.length === 0 || havePictureClasses(files)) return undefined;
    return {
      files: tables,
      read: async () => {
        const { picturesInParquet } = await import('./read_parquet.ts');
        return readPictures(await picturesInParquet(tables, options), options);
      },
    };
  },
};
