import type { BorderShape } from '../../kernels/border.ts';
import type { CompiledNode } from '../../model/graph.ts';
import { cropping2d, zeroPadding2d } from '../border.ts';
import type { LayerTwin } from '../layer_twin.ts';

type Bordered = CompiledNode<'zeroPadding2d' | 'cropping2d'>;

/** @param inside shape without the border. */
const shapeOf = ({ details }: Bordered, batch: number, [height, width, channels]: readonly number[]): BorderShape => ({
  batch,
  height: height!,
  width: width!,
  channels: channels!,
  ...details,
});

export const zeroPadding2dTwin: LayerTwin<'zeroPadding2d'> = {
  forward: (layer, { batch, inputs: [x] }) => ({
    z: zeroPadding2d(shapeOf(layer, batch, layer.inputShape), { x: x! }).y,
  }),
  backward: (layer, { batch }, dz) => ({ dx: [cropping2d(shapeOf(layer, batch, layer.inputShape), { x: dz }).y] }),
};

export const cropping2dTwin: LayerTwin<'cropping2d'> = {
  forward: (layer, { batch, inputs: [x] }) => ({
    z: cropping2d(shapeOf(layer, batch, layer.outputShape), { x: x! }).y,
  }),
  backward: (layer, { batch }, dz) => ({ dx: [zeroPadding2d(shapeOf(layer, batch, layer.outputShape), { x: dz }).y] }),
};
