import { type CompiledModel, trainedTensors } from '../model/graph.ts';

/** True if any layer has a regularizer. */
export const isRegularized = (model: CompiledModel): boolean =>
  trainedTensors(model).some(({ spec: { l1, l2 } }) => l1 > 0 || l2 > 0);
