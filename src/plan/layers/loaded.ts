import { conv2dKernelsFor } from '../../kernels/conv2d_choice.ts';

type Further = typeof import('./further.ts');

let further: Further | undefined;

export function setFurtherLayers(loaded: Further): void {
  further = loaded;
}

/** Chooses the kernels of a convolution, including one with groups if the further layers have been loaded. */
export const convolutionKernelsFor: typeof conv2dKernelsFor = (...of) =>
  (further?.convolutionKernelsFor ?? conv2dKernelsFor)(...of);

/** The functions that plan networks with more than the basic layers. */
export function furtherLayers(): Further {
  if (!further) throw new Error('loadKernels was not awaited before a network was planned');
  return further;
}
