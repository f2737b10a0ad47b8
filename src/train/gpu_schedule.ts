import type { Recorder } from '../gpu/recorder.ts';
import { packSchedule } from '../kernels/schedule.ts';
import { beginStep } from '../kernels/step.ts';
import { type FilledLearningRate, type FilledSchedule, scheduleOf } from '../model/schedule.ts';
import { type ScheduleType, scheduleDefinition } from '../model/schedules/index.ts';
import { loadFurtherTraining } from '../plan/loaded_training.ts';
import type { Settings } from '../plan/settings.ts';
import type { BoundSteps } from '../plan/steps.ts';

/** The learning rate of the next steps, which `begin_step` computes on the GPU. */
export class GpuSchedule {
  readonly #recorder: Recorder;
  readonly #steps: BoundSteps;
  readonly #batch: number;
  #learningRate: FilledLearningRate;
  /** Type of the schedule that is compiled into `begin_step`. */
  #type: ScheduleType;
  #asked = 0;

  constructor(recorder: Recorder, steps: BoundSteps, { batchSize, optimizer: { learningRate } }: Settings) {
    this.#recorder = recorder;
    this.#steps = steps;
    this.#batch = batchSize;
    this.#learningRate = learningRate;
    const schedule = scheduleOf(learningRate);
    this.#type = schedule.type;
    this.#write(schedule, 0);
  }

  /** A number or a schedule. */
  get learningRate(): FilledLearningRate {
    return this.#learningRate;
  }

  /** Takes effect with the next submission. A new schedule continues with the same update count. */
  setLearningRate(learningRate: FilledLearningRate): Promise<void> {
    this.#learningRate = learningRate;
    return this.use(scheduleOf(learningRate));
  }

  /**
   * Takes effect with the next submission if the schedule is of the type compiled into `begin_step`; otherwise as soon as the
   * pipeline for its type has been compiled.
   *
   * @param begin number of updates before the schedule's first.
   */
  async use(schedule: FilledSchedule, begin = 0): Promise<void> {
    const { type } = schedule;
    const asked = ++this.#asked;
    if (type !== this.#type) {
      if (type !== 'constant') await loadFurtherTraining();
      const { training, schedule: buffer } = this.#steps;
      const { pipeline, wgsl, constants } = await this.#recorder.dispatch(
        beginStep,
        { batch: this.#batch, schedule: type },
        { state: training.state, schedule: buffer },
      );
      // The last call wins, even if its pipeline was ready sooner.
      if (asked !== this.#asked) return;
      // Recordings in use hold this dispatch object, so the pipeline is replaced within it. Its buffers are the same.
      Object.assign(training.begin, { pipeline, wgsl, constants });
      this.#type = type;
    }
    this.#write(schedule, begin);
  }

  #write(schedule: FilledSchedule, begin: number): void {
    const { type } = schedule;
    const { parameters, list } = scheduleDefinition(type);
    const words = packSchedule({ type, parameters: parameters(schedule), list: list?.(schedule) }, begin);
    const { buffer, offset } = this.#steps.schedule;
    this.#recorder.gpu.device.queue.writeBuffer(buffer, offset, words);
  }
}
