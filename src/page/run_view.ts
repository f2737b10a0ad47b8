import { clock, count, fixed } from '../figures.ts';
import type { Evaluation } from '../index.ts';
import type { Told } from '../train/news.ts';
import type { Plan } from '../train/run_length.ts';
import { TrainingLog } from '../train/training_log.ts';
import { tutorialBatchSize } from '../train/tutorial.ts';
import { roomFor } from './axes.ts';
import { Curves } from './curves.ts';
import { byId } from './dom.ts';
import { lossLines, normLines } from './lines.ts';
import { Plot } from './plot.ts';
import { fillEpochs } from './tables.ts';

const title = document.title;

/** One run as the page shows it: figures, progress, plots and the table of epochs. It outlives the run itself. */
export class RunView {
  readonly log = new TrainingLog();
  private readonly curves = new Curves();
  private readonly plots: Plot[];
  /** Of the whole run. */
  private readonly steps: number;
  private frame = 0;
  private begun = 0;
  private imagesPerSecond: number | undefined;
  /** Epochs that the table has. */
  private tabled = -1;

  constructor(
    private readonly plan: Plan,
    private readonly layers: readonly string[],
  ) {
    this.steps = plan.epochs * Math.ceil(plan.trainSamples / tutorialBatchSize);
    this.plots = [
      new Plot(byId('loss'), lossLines(this.curves), {
        description: 'Loss of the training steps and of the validation images; the table of epochs has the figures',
        empty: 'The loss of each step appears here',
      }),
      new Plot(byId('norms'), normLines(this.curves, layers), {
        logarithmic: true,
        description:
          'Gradient norm of each layer over the training steps, on a logarithmic axis; the table of epochs has the figures',
        empty: "The norm of each layer's gradient appears here, step by step",
      }),
    ];
    this.render();
  }

  add(news: Told[]): void {
    this.begun ||= performance.now();
    for (const item of news) {
      this.log.add(item);
      if ('step' in item) this.curves.addStep(item.step);
      else this.curves.addValidation(item.epoch.validationLoss);
    }
    // However fast news come, what nobody sees is not drawn.
    this.frame ||= requestAnimationFrame(() => this.render());
  }

  /** No more news come. @param leftBehind the test images' figures of a network that was stopped amidst an epoch. */
  end(leftBehind?: Evaluation): void {
    cancelAnimationFrame(this.frame);
    if (leftBehind) this.curves.addValidation(leftBehind.loss);
    this.render(leftBehind);
    byId('left-now').textContent = '–';
    if (leftBehind) byId('validation-accuracy-now').textContent = fixed(leftBehind.accuracy);
    document.title = title;
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    for (const plot of this.plots) plot.dispose();
  }

  private render(leftBehind?: Evaluation): void {
    this.frame = 0;
    const { log, curves } = this;
    const room = roomFor(log.steps.length, this.steps);
    const window = curves.smooth(room);
    for (const plot of this.plots) plot.draw(curves, room, window);
    const now = log.unfinished;
    const last = log.epochs.at(-1);
    this.imagesPerSecond = now?.imagesPerSecond ?? last?.imagesPerSecond ?? this.imagesPerSecond;
    const done = log.steps.length / this.steps;
    const left = ((performance.now() - this.begun) / 1000 / done) * (1 - done);
    for (const [id, text] of [
      ['loss-now', fixed((now ?? last)?.loss)],
      ['accuracy-now', fixed((now ?? last)?.accuracy)],
      ['validation-accuracy-now', fixed(last?.validationAccuracy)],
      ['rate-now', this.imagesPerSecond ? count(Math.round(this.imagesPerSecond)) : ''],
      ['left-now', done > 0 && done < 1 ? clock(left) : ''],
      ['place', this.placeText()],
    ]) {
      byId(id).textContent = text || '–';
    }
    byId<HTMLProgressElement>('progress').value = done;
    if (done) document.title = `${Math.floor(100 * done)} % · ${title}`;
    if (this.tabled !== log.epochs.length || leftBehind) {
      this.tabled = log.epochs.length;
      fillEpochs(byId<HTMLTableElement>('epochs'), log, this.layers, leftBehind);
    }
  }

  private placeText(): string {
    const { log, plan } = this;
    const epoch = log.steps.at(-1)?.epoch;
    if (epoch === undefined) return `${count(plan.epochs)} epochs`;
    const step = log.unfinished?.steps ?? log.stepsPerEpoch;
    return `epoch ${epoch} of ${plan.epochs}, step ${count(step)} of ${count(log.stepsPerEpoch)}`;
  }
}
