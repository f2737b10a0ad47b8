/** The parts of hyparquet that the Parquet reader uses. This file is an entry of the library's build, which the command's build shares. */
export { parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
