import { Unsupported } from './constant.ts';
import type { Reader } from './operation.ts';
import { asImage, imageOf } from './value.ts';

/** Upsamples by integer factors: nearest pixels, or bilinear between pixel centers. */
export const resize: Reader = (operation) => {
  const { builder, opset } = operation;
  const image = asImage(builder, operation.value(0));
  const first = operation.node.operator === 'Upsample' || opset < 11 ? 1 : 2;
  const mode = operation.text('mode', 'nearest');
  const scales = operation.optional(first)?.data;
  const sizes = operation.optional(first + 1)?.data;
  const spread = operation.node.attributes.get('scales')?.numbers;
  const given = spread ?? (scales?.length ? [...scales] : undefined);
  const factors = given ?? (sizes ? [1, ...image.shape].map((n, i) => sizes[i]! / n) : []);
  if (factors.length !== 4 || (sizes && operation.node.attributes.get('axes')))
    throw new Unsupported('of other axes than four');
  const [batch, channels, sizeY, sizeX] = factors as [number, number, number, number];
  const isWhole = [sizeY, sizeX].every((n) => Number.isInteger(n) && n >= 1);
  const places = operation.text('coordinate_transformation_mode', first === 1 ? 'asymmetric' : 'half_pixel');
  if ((sizes === undefined && batch !== 1) || channels !== 1 || !isWhole) {
    throw new Unsupported(
      `by ${[sizeY, sizeX].map((n) => +n.toFixed(3)).join(' and ')}, of which wgrad has whole numbers`,
    );
  }
  const rounding = operation.text('nearest_mode', first === 1 ? 'floor' : 'round_prefer_floor');
  if (mode === 'nearest' && [sizeY, sizeX].every((n) => repeatsPixels(n, places, rounding))) {
    return imageOf(builder, builder.add({ type: 'upSampling2d', size: [sizeY, sizeX] }, [image.layer]));
  }
  const isBetween = mode === 'linear' && ['half_pixel', 'pytorch_half_pixel'].includes(places);
  const grows = sizeY * image.shape[1]! > 1 && sizeX * image.shape[2]! > 1;
  if (isBetween && (grows || places === 'half_pixel')) {
    const options = { type: 'upSampling2d', size: [sizeY, sizeX], interpolation: 'bilinear' } as const;
    return imageOf(builder, builder.add(options, [image.layer]));
  }
  throw new Unsupported(`${mode}, ${places}${mode === 'nearest' ? `, ${rounding}` : ''}`);
};

/** Whether pixel x of the result is pixel floor(x / scale) of the input. */
function repeatsPixels(scale: number, places: string, rounding: string): boolean {
  return Array.from({ length: 2 * scale }, (_, x) => {
    const at = places === 'asymmetric' ? x / scale : (x + 0.5) / scale - 0.5;
    const rounded =
      rounding === 'floor'
        ? Math.floor(at)
        : rounding === 'ceil'
          ? Math.ceil(at)
          : rounding === 'round_prefer_ceil'
            ? Math.floor(at + 0.5)
            : Math.ceil(at - 0.5);
    const known = ['asymmetric', 'half_pixel', 'pytorch_half_pixel'].includes(places);
    return known && Math.max(0, rounded) === Math.floor(x / scale);
  }).every((same) => same);
}
