import { openGpu } from '../../src/gpu/device.ts';

/**
 * The device shared by all test files that train: they share a page and its modules, and therefore the pipelines of networks that
 * several of them train. A test that loses, limits or counts something on a device opens a separate one.
 */
export const gpu = await openGpu();
