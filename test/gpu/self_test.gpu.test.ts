import { afterEach, expect, test, vi } from 'vitest';
import { ConfigurationError, type SelfTestCheck, selfTest } from '../../src/index.ts';

afterEach(() => vi.restoreAllMocks());

/** Changes the source of all shaders of this name that are compiled from here on, to simulate a driver bug. */
function breakShader(name: string, change: (code: string) => string): void {
  const compile = GPUDevice.prototype.createShaderModule;
  vi.spyOn(GPUDevice.prototype, 'createShaderModule').mockImplementation(function (this: GPUDevice, descriptor) {
    const { code, label } = descriptor;
    return compile.call(this, { ...descriptor, code: label === name ? change(code) : code });
  });
}

test('kernels and a small network are within their bounds here, and the report is JSON', async () => {
  const told: [SelfTestCheck, number, number][] = [];
  const report = await selfTest({ only: 'o', onCheck: (...one) => told.push(one), signal: AbortSignal.timeout(1) });
  expect(report.passed).toBe(false);
  expect(report.checks.length).toBeLessThan(report.planned);
  expect(told.map(([check]) => check)).toEqual(report.checks);
  for (const only of ['global', 'network'])
    expect(await selfTest({ only })).toMatchObject({ passed: true, checks: expect.anything() });
});

test('a kernel with wrong results is found, and the others pass', async () => {
  breakShader('global_average_pool_forward', (code) => code.replace('f32(pixels)', 'f32(pixels + 1u)'));
  const report = await selfTest({ only: 'global', gpu: { adapter: 'auto' } });
  expect(report.passed).toBe(false);
  const failed = report.checks.filter(({ passed }) => !passed);
  expect(new Set(failed.map(({ name }) => name))).toEqual(new Set(['global_average_pool_forward']));
  for (const { error, share, shape } of failed) {
    expect(error).toMatch(/^y\[\d+\] is .*, expected .*: off by .* times the bound/);
    expect(share).toBeUndefined();
    expect(JSON.parse(shape!)).toMatchObject({ channels: expect.any(Number) });
  }
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  expect(report.limits.maxStorageBuffersPerShaderStage).toBeGreaterThanOrEqual(8);
});

test('a shader that the driver rejects is a failed check', async () => {
  breakShader('global_max_pool_forward', () => 'not WGSL');
  const { checks, planned } = await selfTest({ only: 'global' });
  expect(checks).toHaveLength(planned);
  for (const { name, passed, error } of checks) {
    expect(passed).toBe(name !== 'global_max_pool_forward');
    if (!passed) expect(error).toContain("global_max_pool_forward.wgsl doesn't compile");
  }
});

test('a name that matches no check is rejected, with the nearest one', async () => {
  const wrong = selfTest({ only: 'conv2d_forwards' });
  await expect(wrong).rejects.toThrow(ConfigurationError);
  await expect(wrong).rejects.toThrow('did you mean "conv2d_forward"?');
});
