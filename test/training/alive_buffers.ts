import { type MockInstance, vi } from 'vitest';

/**
 * Watches a device's buffers until mocks are restored: those created from now on and not destroyed.
 *
 * @param refuse throws if a buffer must not be created.
 */
export function watchBuffers(
  device: GPUDevice,
  refuse: (descriptor: GPUBufferDescriptor) => void = () => undefined,
): { alive: Set<GPUBuffer>; spy: MockInstance<GPUDevice['createBuffer']> } {
  const alive = new Set<GPUBuffer>();
  const createBuffer = device.createBuffer.bind(device);
  const spy = vi.spyOn(device, 'createBuffer').mockImplementation((descriptor) => {
    refuse(descriptor);
    const buffer = createBuffer(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    alive.add(buffer);
    buffer.destroy = () => {
      alive.delete(buffer);
      return destroy();
    };
    return buffer;
  });
  return { alive, spy };
}
