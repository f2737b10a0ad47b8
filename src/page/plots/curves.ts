import { layerFigures } from '../../health/health_table.ts';
import type { StepRecord } from '../../index.ts';
import { strideFor, windowFor } from './axes.ts';
import { type Column, Curve } from './curve.ts';
import { LayerCurves } from './layer_curves.ts';

/** Rows that are kept at the most, as many as a wide screen has pixels for. A longer run has several steps in a row. */
export const mostRows = 2048;

/** What the plots draw: columns that grow by a row with each step, and by a row for every few steps in a long run. */
export class Curves {
  /** The last step of each row. */
  readonly steps: number[] = [];
  readonly loss = new Curve();
  /** Or the mean absolute error, where the loss is of numbers. */
  readonly accuracy = new Curve();
  readonly learningRate = new Curve();
  /** Whether the learning rate was another at some step: a rate that stays needs no plot. */
  ratesVary = false;
  private firstRate: number | undefined;
  /** At the last step of each epoch, or of the run. */
  readonly validationLoss: Column = [];
  readonly validationAccuracy: Column = [];
  /** The first step of each epoch but the first. */
  readonly epochs: number[] = [];
  private readonly layers = new Map<string, LayerCurves>();
  private epoch = 1;
  private taken = 0;
  private stepsPerRow = 1;

  /** Steps that a row is of. */
  get span(): number {
    return this.stepsPerRow;
  }

  /** @param figures of the layers' health. */
  addStep(
    { step, epoch, loss, accuracy, meanAbsoluteError, learningRate, gradientNorms, health }: StepRecord,
    figures = layerFigures(health),
  ): void {
    if (epoch > this.epoch) this.epochs.push(step);
    this.epoch = epoch;
    const opens = this.open(step);
    this.loss.add(finite(loss), opens);
    this.accuracy.add(finite(accuracy ?? meanAbsoluteError), opens);
    this.learningRate.add(finite(learningRate), opens);
    this.firstRate ??= learningRate;
    this.ratesVary ||= learningRate !== this.firstRate;
    for (const [layer, norm] of Object.entries(gradientNorms)) {
      this.layerOf(layer).add(norm, figures?.[layer], opens);
    }
  }

  /** A step that this run doesn't have, and the one beside it does: their rows stay alike. */
  addGap(step: number): void {
    const opens = this.open(step);
    for (const curve of this.all()) curve.addGap(opens);
  }

  /** After the step that was added last. */
  addValidation(loss: number | undefined, accuracy: number | undefined): void {
    if (!this.steps.length) return;
    this.validationLoss[this.steps.length - 1] = finite(loss);
    this.validationAccuracy[this.steps.length - 1] = finite(accuracy);
  }

  /** Of a layer; empty, and filled later, before its first step. */
  layerOf(layer: string): LayerCurves {
    const curves = this.layers.get(layer) ?? new LayerCurves();
    this.layers.set(layer, curves);
    return curves;
  }

  /** The gradient norm of a layer. */
  normOf(layer: string): Curve {
    return this.layerOf(layer).norm;
  }

  /** The row that a step is in, whether or not it is there yet. */
  rowOf(step: number): number {
    return Math.floor((step - 1) / this.span);
  }

  /** Steps that each point of the smoothed curves is a mean of, where the axis has room for so many. */
  smooth(room: number): number {
    for (const curve of this.all()) curve.smooth(windowFor(room) / this.span, strideFor(room) / this.span);
    return windowFor(room);
  }

  /** @returns whether the step is the first of a row. */
  private open(step: number): boolean {
    const opens = this.taken++ % this.span === 0;
    if (opens && this.steps.length === mostRows) this.halve();
    if (opens) {
      this.steps.push(step);
      this.validationLoss.push(null);
      this.validationAccuracy.push(null);
    }
    this.steps[this.steps.length - 1] = step;
    return opens;
  }

  /** Two rows become one. */
  private halve(): void {
    const rows = mostRows / 2;
    for (let i = 0; i < rows; i++) {
      this.steps[i] = this.steps[2 * i + 1]!;
      for (const marks of [this.validationLoss, this.validationAccuracy]) marks[i] = marks[2 * i + 1] ?? marks[2 * i]!;
    }
    for (const column of [this.steps, this.validationLoss, this.validationAccuracy]) column.length = rows;
    for (const curve of this.all()) curve.halve();
    this.stepsPerRow *= 2;
  }

  private *all(): Iterable<Curve> {
    yield this.loss;
    yield this.accuracy;
    yield this.learningRate;
    for (const layer of this.layers.values()) yield* layer.all;
  }
}

const finite = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;
