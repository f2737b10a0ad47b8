import type { Kernel } from '../gpu/kernel.ts';
import * as kernels from '../kernels/optimizers.ts';
import type { UpdateShape } from '../kernels/update.ts';
import { clipOf, type FilledOptimizer, slotsOf } from '../model/optimizer.ts';
import type { FilledOptimizerOf, OptimizerType } from '../model/optimizers/index.ts';
import { furtherTraining } from './loaded_training.ts';
import type { Prepared } from './muon.ts';
import type { BufferRef, PlannedDispatch, Planner } from './planner.ts';
import type { Arenas } from './steps.ts';

/** The optimizer options that are part of its update kernel's shape. */
export type UpdateNumbers<T extends OptimizerType> = (optimizer: FilledOptimizerOf<T>) => object;

const adamNumbers = ({ beta1, beta2, epsilon, amsgrad }: FilledOptimizerOf<'adam' | 'adamW'>) => ({
  beta1,
  beta2,
  epsilon,
  amsgrad,
});

/**
 * The update kernel of each optimizer that most first runs use, and the options that its shape needs. further_training.ts has
 * all others.
 */
const updates = {
  adam: { kernel: kernels.adam, numbers: adamNumbers },
  adamW: { kernel: kernels.adam, numbers: adamNumbers },
} satisfies { [T in OptimizerType]?: { kernel: unknown; numbers: UpdateNumbers<T>; prepare?: unknown } };

export type BaseOptimizerType = keyof typeof updates;

const isBaseType = (type: OptimizerType): type is BaseOptimizerType => Object.hasOwn(updates, type);

/** True if an optimizer's kernel is in the table above. */
export const isBaseOptimizer = ({ type }: FilledOptimizer): boolean => isBaseType(type);

/** Plans the dispatches that must precede an update. */
type Prepare = (
  planner: Planner,
  optimizer: FilledOptimizer,
  arenas: Arenas,
  state: BufferRef,
  firstSlot: BufferRef,
  matrices: readonly (readonly [number, number] | undefined)[],
) => Prepared;

/** The update kernel of an optimizer, and the part of its shape that is specific to it. */
export function updateKernelOf(optimizer: FilledOptimizer): {
  kernel: Kernel<UpdateShape>;
  numbers: object;
  prepare?: Prepare | undefined;
} {
  const { kernel, numbers, prepare } = (isBaseType(optimizer.type)
    ? updates[optimizer.type]
    : furtherTraining().furtherUpdates[optimizer.type]) as unknown as {
    kernel: Kernel<UpdateShape>;
    numbers: (of: FilledOptimizer) => object;
    prepare?: Prepare;
  };
  return { kernel, numbers: numbers(optimizer), prepare };
}

/**
 * The optimizer's dispatches in order, and the arenas of its slots.
 *
 * @param matrices rows and columns of each trained tensor that is a matrix.
 */
export function planUpdate(
  planner: Planner,
  optimizer: FilledOptimizer,
  arenas: Arenas,
  state: BufferRef,
  matrices: readonly (readonly [number, number] | undefined)[],
): { dispatches: PlannedDispatch[]; slots: BufferRef[] } {
  const { network, chunks, shape, updated, factors } = arenas;
  const { weights, gradients } = network;
  const { kernel, numbers, prepare } = updateKernelOf(optimizer);
  const names = slotsOf(optimizer);
  const slots = names.map((name) => planner.buffer('parameters', `${kernel.name}.${name}`, gradients.all.size / 4));
  const prepared = prepare?.(planner, optimizer, arenas, state, slots[0]!, matrices);
  const update = planner.dispatch(
    kernel,
    {
      ...shape,
      measured: updated !== undefined,
      clip: clipOf(optimizer),
      weightDecay: optimizer.weightDecay,
      ...numbers,
      ...prepared?.numbers,
    },
    {
      dw: gradients.all,
      chunks: chunks.refs.table,
      state,
      w: weights.all,
      ...(updated && { partials: updated }),
      ...(factors && { factors }),
      ...Object.fromEntries(names.map((name, i) => [name, slots[i]!])),
      ...prepared?.buffers,
    },
  );
  return { dispatches: [...(prepared?.dispatches ?? []), update], slots };
}
