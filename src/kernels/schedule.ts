import constant from '../../shaders/schedules/constant.wgsl?raw';
import type { ScheduleType } from '../model/schedules/index.ts';

type FurtherSchedules = Readonly<Record<Exclude<ScheduleType, 'constant'>, string>>;

let further: FurtherSchedules | undefined;

/** Called by the code that loads further_schedules.ts, before one of its schedules is planned. */
export function setFurtherSchedules(loaded: FurtherSchedules): void {
  further = loaded;
}

/** The function of a schedule, with the shared functions that it calls. */
function sourceOf(type: ScheduleType): string {
  if (type === 'constant') return constant;
  if (!further) throw new Error('loadFurtherTraining was not awaited before a schedule was planned');
  return further[type];
}

interface Parameter {
  name: string;
  type: string;
}

/** The name of a schedule's function, and its parameters after the step; `list` is where a list begins. */
function signatureOf(type: ScheduleType): { name: string; parameters: Parameter[] } {
  const [, name, list] = /fn (\w+)\(\s*step: ?u32,([^)]*)\)/.exec(sourceOf(type))!;
  const parameters = [...list!.matchAll(/(\w+): ?(u32|f32)/g)].map(([, name, type]) => ({ name: name!, type: type! }));
  return { name: name!, parameters };
}

// The buffer of a schedule: the updates that were applied before it began, its function's parameters in their order, and
// then its list.
const beginAt = 0;
const parametersAt = 1;

/** 4-byte words of a schedule's buffer: the longest list is piecewiseConstantDecay's 100 boundaries and 101 values. */
export const scheduleWords = 256;

/** The function of one schedule, and its call with the words of the buffer. Each type of schedule has its own pipeline. */
export function scheduleSource(type: ScheduleType): string {
  const { name, parameters } = signatureOf(type);
  const given = parameters.map(({ name, type }, i) => {
    const at = parametersAt + i;
    if (name === 'list') return `${at}u`;
    return type === 'u32' ? `schedule[${at}]` : `bitcast<f32>(schedule[${at}])`;
  });
  return `
const schedule_begin = ${beginAt};
fn scheduled_rate(step: u32) -> f32 { return ${name}(${['step', ...given].join(', ')}); }

${sourceOf(type)}`;
}

/** A schedule as the numbers that its function takes. */
export interface ScheduleNumbers {
  type: ScheduleType;
  parameters: Readonly<Record<string, number>>;
  list?: { integers: readonly number[]; floats: readonly number[] } | undefined;
}

/** The words of a schedule's buffer. @param begin updates that were applied before the schedule's step 0. */
export function packSchedule({ type, parameters, list }: ScheduleNumbers, begin = 0): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(scheduleWords);
  const floats = new Float32Array(words.buffer);
  words[beginAt] = begin;
  const own = signatureOf(type).parameters.filter(({ name }) => name !== 'list');
  for (const [i, { name, type }] of own.entries())
    (type === 'u32' ? words : floats)[parametersAt + i] = parameters[name]!;
  const at = parametersAt + own.length;
  words.set(list?.integers ?? [], at);
  floats.set(list?.floats ?? [], at + (list?.integers.length ?? 0));
  return words;
}
