import { openGpu } from '../../src/gpu/device.ts';

/**
 * The device of all files that train: they share a page and the modules in it, and so the pipelines of networks that several of
 * them train. Whoever loses, limits or counts something on a device opens one of its own.
 */
export const gpu = await openGpu();
