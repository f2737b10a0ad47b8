import libSource from '../../shaders/lib/schedule.wgsl?raw';
import constant from '../../shaders/schedules/constant.wgsl?raw';
import cosineDecay from '../../shaders/schedules/cosine_decay.wgsl?raw';
import cosineDecayRestarts from '../../shaders/schedules/cosine_decay_restarts.wgsl?raw';
import exponentialDecay from '../../shaders/schedules/exponential_decay.wgsl?raw';
import inverseTimeDecay from '../../shaders/schedules/inverse_time_decay.wgsl?raw';
import oneCycle from '../../shaders/schedules/one_cycle.wgsl?raw';
import piecewiseConstantDecay from '../../shaders/schedules/piecewise_constant_decay.wgsl?raw';
import polynomialDecay from '../../shaders/schedules/polynomial_decay.wgsl?raw';
import type { ScheduleType } from '../model/schedules/index.ts';

/** The function of each schedule. begin_step has all of them, so that a run may change to another without a new pipeline. */
const sources: Record<ScheduleType, string> = {
  constant,
  exponentialDecay,
  piecewiseConstantDecay,
  polynomialDecay,
  inverseTimeDecay,
  cosineDecay,
  cosineDecayRestarts,
  oneCycle,
};

interface Parameter {
  name: string;
  type: string;
}

/** The name of each function, and its parameters after the step. */
const signatures = Object.entries(sources).map(([type, source]) => {
  const [, name, list] = /fn (\w+)\(\s*step: u32,([^)]*)\)/.exec(source)!;
  const parameters = [...list!.matchAll(/(\w+): (u32|f32)/g)].map(
    ([, name, type]): Parameter => ({ name: name!, type: type! }),
  );
  return { type: type as ScheduleType, name: name!, parameters };
});

// The buffer of a schedule: the number of its function, the updates that were applied before it began, the function's
// parameters in their order, and then its list.
const beginAt = 1;
const parametersAt = 2;

/** 4-byte words of a schedule's buffer: the longest list is piecewiseConstantDecay's 100 boundaries and 101 values. */
export const scheduleWords = 256;

const cases = signatures.map(({ name, parameters }, code) => {
  const own = parameters.filter((parameter) => parameter.name !== 'list');
  const given = own.map(({ type }, i) => (type === 'u32' ? `p${i}` : `bitcast<f32>(p${i})`));
  const list = own.length < parameters.length ? [`${parametersAt + own.length}u`] : [];
  return `    case ${code}u: { return ${name}(${['step', ...given, ...list].join(', ')}); }`;
});

/** The parameters are loaded once, whatever the function: each load in the text takes its time to compile. */
const loads = Array.from(
  { length: Math.max(...signatures.map(({ parameters }) => parameters.length)) },
  (_, i) => `  let p${i} = schedule[${parametersAt + i}];`,
);

/** The functions, and the choice between them. */
export const scheduleSource = `
const schedule_begin = ${beginAt};
fn scheduled_rate(step: u32) -> f32 {
${loads.join('\n')}
  switch (schedule[0]) {
${cases.join('\n')}
    default: { return 0.0; }
  }
}

${libSource}${Object.values(sources).join('\n')}`;

/** A schedule as the numbers that its function takes. */
export interface ScheduleNumbers {
  type: ScheduleType;
  parameters: Readonly<Record<string, number>>;
  list?: { integers: readonly number[]; floats: readonly number[] } | undefined;
}

/** The words of a schedule's buffer. @param begin updates that were applied before the schedule's step 0. */
export function packSchedule({ type, parameters, list }: ScheduleNumbers, begin = 0): Uint32Array<ArrayBuffer> {
  const code = signatures.findIndex((signature) => signature.type === type);
  const words = new Uint32Array(scheduleWords);
  const floats = new Float32Array(words.buffer);
  words[0] = code;
  words[beginAt] = begin;
  const own = signatures[code]!.parameters.filter(({ name }) => name !== 'list');
  for (const [i, { name, type }] of own.entries())
    (type === 'u32' ? words : floats)[parametersAt + i] = parameters[name]!;
  const at = parametersAt + own.length;
  words.set(list?.integers ?? [], at);
  floats.set(list?.floats ?? [], at + (list?.integers.length ?? 0));
  return words;
}
