import { layerFigures } from '../../health/health_table.ts';
import type { StepRecord } from '../../index.ts';
import { strideFor, windowFor } from './axes.ts';
import { type Column, Curve } from './curve.ts';
import { LayerCurves } from './layer_curves.ts';

/** Maximum number of rows, about the width of a wide screen in pixels. In a longer run a row stands for several steps. */
export const mostRows = 2048;

/** The data of the plots: columns to which each step adds a row, or in a long run every few steps. */
export class Curves {
  /** The last step of each row. */
  readonly steps: number[] = [];
  readonly loss = new Curve();
  /** Accuracy, or the mean absolute error if the loss is for numbers. */
  readonly accuracy = new Curve();
  readonly learningRate = new Curve();
  /** Whether the learning rate has changed: a constant rate needs no plot. */
  ratesVary = false;
  private firstRate: number | undefined;
  /** Set at the last step of each epoch, or of the run. */
  readonly validationLoss: Column = [];
  readonly validationAccuracy: Column = [];
  /** The first step of each epoch, except for the first epoch. */
  readonly epochs: number[] = [];
  private readonly layers = new Map<string, LayerCurves>();
  private epoch = 1;
  private taken = 0;
  private stepsPerRow = 1;

  /** Number of steps per row. */
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

  /** Adds a step that this run does not have but its twin does, so that their rows stay aligned. */
  addGap(step: number): void {
    const opens = this.open(step);
    for (const curve of this.all()) curve.addGap(opens);
  }

  /** Adds the validation after the last step. */
  addValidation(loss: number | undefined, accuracy: number | undefined): void {
    if (!this.steps.length) return;
    this.validationLoss[this.steps.length - 1] = finite(loss);
    this.validationAccuracy[this.steps.length - 1] = finite(accuracy);
  }

  /** The curves of a layer; empty before its first step, and filled later. */
  layerOf(layer: string): LayerCurves {
    const curves = this.layers.get(layer) ?? new LayerCurves();
    this.layers.set(layer, curves);
    return curves;
  }

  /** The gradient norm of a layer. */
  normOf(layer: string): Curve {
    return this.layerOf(layer).norm;
  }

  /** The row of a step, whether or not it exists yet. */
  rowOf(step: number): number {
    return Math.floor((step - 1) / this.span);
  }

  /** Smooths all curves for an axis of `room` steps. @returns the number of steps in the moving average. */
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

  /** Merges every two rows. */
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
