type Further = typeof import('./further.ts');

let further: Further | undefined;

export function setFurtherLayers(loaded: Further): void {
  further = loaded;
}

/** The functions that plan networks with more than the basic layers. */
export function furtherLayers(): Further {
  if (!further) throw new Error('loadKernels was not awaited before a network was planned');
  return further;
}
