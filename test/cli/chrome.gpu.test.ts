import { expect, test } from 'vitest';
import { openGpu } from '../../src/gpu/device.ts';

test('the Chrome that wgrad starts has an adapter that says what it is', async () => {
  const gpu = await openGpu();
  expect(gpu.adapter.vendor).not.toBe('');
  expect(gpu.timestamps).toBe(true);
  gpu.dispose();
  await gpu.lost;
});
