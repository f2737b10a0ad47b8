import { type Gpu, openGpu } from '../../../index.ts';

let open: Promise<Gpu> | undefined;

/** The GPU device, reopened after it was lost. */
export function device(): Promise<Gpu> {
  open ??= openGpu().then(
    (gpu) => {
      forgetWhenLost(gpu);
      return gpu;
    },
    (error) => {
      open = undefined;
      throw error;
    },
  );
  return open;
}

/** Replaces a lost device with the one that a run has opened, unless another one has been opened since. */
export function keepDevice(gpu: Gpu): void {
  if (open) return;
  open = Promise.resolve(gpu);
  forgetWhenLost(gpu);
}

function forgetWhenLost(gpu: Gpu): void {
  const kept = open;
  gpu.lost.then(() => {
    if (open === kept) open = undefined;
  });
}
