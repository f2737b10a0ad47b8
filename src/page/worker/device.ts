import { type Gpu, openGpu } from '../../index.ts';

let open: Promise<Gpu> | undefined;

/** The device, opened anew where it was lost. */
export function device(): Promise<Gpu> {
  open ??= openGpu().then(
    (gpu) => {
      gpu.lost.then(() => {
        open = undefined;
      });
      return gpu;
    },
    (error) => {
      open = undefined;
      throw error;
    },
  );
  return open;
}
