import type { CompiledNode } from '../../model/graph.ts';
import { product } from '../../product.ts';
import { concatenateBackward, concatenateForward } from '../concatenate.ts';
import type { LayerTwin } from '../layer_twin.ts';

export const concatenateTwin: LayerTwin<'concatenate'> = {
  forward(layer, { batch, inputs }) {
    let z: Float64Array = new Float64Array(batch * product(layer.outputShape));
    partsOf(layer, batch).forEach((part, i) => {
      z = concatenateForward(part, { x: inputs[i]!, y: z }).y;
    });
    return { z };
  },
  backward: (layer, { batch }, dz) => ({
    dx: partsOf(layer, batch).map((part) => concatenateBackward(part, { dy: dz }).dx),
  }),
};

/** For each input: the number of contiguous elements from the axis inwards, and their offset in the output. */
function partsOf({ details, inputShapes }: CompiledNode<'concatenate'>, batch: number) {
  const outer = batch * product(inputShapes[0]!.slice(0, details.axis - 1));
  const lengths = inputShapes.map((shape) => product(shape.slice(details.axis - 1)));
  return lengths.map((run, i) => ({
    runs: outer,
    run,
    total: lengths.reduce((a, b) => a + b, 0),
    offset: lengths.slice(0, i).reduce((a, b) => a + b, 0),
  }));
}
