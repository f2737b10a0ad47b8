import libSource from '../../shaders/lib/schedule.wgsl?raw';
import cosineDecay from '../../shaders/schedules/cosine_decay.wgsl?raw';
import cosineDecayRestarts from '../../shaders/schedules/cosine_decay_restarts.wgsl?raw';
import exponentialDecay from '../../shaders/schedules/exponential_decay.wgsl?raw';
import inverseTimeDecay from '../../shaders/schedules/inverse_time_decay.wgsl?raw';
import oneCycle from '../../shaders/schedules/one_cycle.wgsl?raw';
import piecewiseConstantDecay from '../../shaders/schedules/piecewise_constant_decay.wgsl?raw';
import polynomialDecay from '../../shaders/schedules/polynomial_decay.wgsl?raw';
import type { ScheduleType } from '../model/schedules/index.ts';

/** The functions of all schedules but the constant one, with the shared functions that they call. Loaded for runs that use one. */
export const furtherSchedules: Readonly<Record<Exclude<ScheduleType, 'constant'>, string>> = {
  exponentialDecay: exponentialDecay + libSource,
  piecewiseConstantDecay,
  polynomialDecay,
  inverseTimeDecay: inverseTimeDecay + libSource,
  cosineDecay: cosineDecay + libSource,
  cosineDecayRestarts: cosineDecayRestarts + libSource,
  oneCycle: oneCycle + libSource,
};
