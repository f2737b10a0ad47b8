/** What the reader of Parquet files uses of hyparquet: an entry of the library's build, which the command's build shares. */
export { parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
