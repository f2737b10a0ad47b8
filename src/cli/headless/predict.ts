import { fetchFile } from '../../data/served_datasets.ts';
import { WgradError } from '../../errors.ts';
import type { Trainer } from '../../index.ts';
import { type PicturePrediction, pictureFile } from './model_files.ts';

/** Classifies pictures that the command serves. A picture that cannot be decoded does not affect the others. */
export async function predictServed(
  model: Trainer,
  order: readonly number[],
  top: number | undefined,
): Promise<PicturePrediction[]> {
  const files = await Promise.all(order.map((index) => fetchFile(pictureFile(index))));
  try {
    return await predicted(model, files, top);
  } catch (error) {
    if (!(error instanceof WgradError)) throw error;
    if (files.length === 1) return [{ error: error.parts.problem ?? error.parts.what }];
    const each: PicturePrediction[] = [];
    for (const index of order) each.push(...(await predictServed(model, [index], top)));
    return each;
  }
}

async function predicted(
  model: Trainer,
  files: readonly Uint8Array[],
  top: number | undefined,
): Promise<PicturePrediction[]> {
  if (top !== undefined) return (await model.predict(files, { top })).map((classes) => ({ classes }));
  const outputs = await model.predict(files);
  const each = outputs.length / files.length;
  return files.map((_, n) => ({ outputs: Array.from(outputs.subarray(n * each, (n + 1) * each)) }));
}
