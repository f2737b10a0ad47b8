import { count, percent, roughFigure } from '../figures.ts';
import type { ChanceLevel } from './chance.ts';
import type { HealthRecord, RunVerdict, RunVerdictName, Verdict, VerdictName } from './health.ts';
import { type EpochRecord, isBad, type StepRecord } from './history.ts';
import { inputWords, isHealthyInput, rescaleFor } from './inputs.ts';
import { addLoss, type LossStretches, quartersOf, stepsOf } from './loss_stretches.ts';
import { inputRemedies, largerRate, largestUpdateRatio, smallerRate } from './remedies.ts';
import type { JudgedLayer } from './verdicts.ts';

/**
 * Thresholds of the verdicts on a run. They follow from the meaning of the verdicts and were not tuned for a network. A run is
 * divided into four quarters; its loss stalls if that of the last quarter is less than 1 % below that of the third. A stall is a
 * plateau if the loss is above a third of the chance level; below that, the network has learned what there is to learn.
 */
export const runThresholds = {
  /** Number of steps before a run is judged. */
  steps: 100,
  /** Minimum relative decrease of the loss from the third to the last quarter in a run that is learning. */
  fall: 0.01,
  /** Fractions of the chance level, or of the initial loss if there is no chance level. */
  high: 1 / 3,
  low: 0.05,
  /** Fraction of the chance level above which a network has learned almost nothing. */
  nothing: 0.95,
  /** A run diverges if its loss rises by this factor above its lowest quarter, and above the chance level. */
  rise: 1.5,
  aboveChance: 1.2,
  /** A run overfits if the validation loss is above its minimum by this factor for two epochs in a row. */
  validationRise: 1.1,
  /** Relative change of a layer's weights per step below which the learning rate is too small. */
  leastUpdateRatio: 1e-5,
} as const;

/** Facts about a run that are judged in addition to its steps. */
export interface RunFacts {
  /** Undefined if the data set has no classes. */
  chance?: ChanceLevel | undefined;
  /** Numbers of training images and of trainable weights. */
  images: number;
  weights: number;
}

/** The complete state of a watch, as plain data. */
export interface RunState {
  losses: LossStretches;
  /** Number of consecutive bad steps at the end. */
  skipped: number;
  epochs: { loss: number; validationLoss?: number }[];
  input?: HealthRecord['input'];
  /** For each layer, the largest update ratio and its moving average. */
  ratios: Record<string, { most: number; recent: number }>;
  verdict?: RunVerdict;
  /** Result of the last judgment if it differs from the verdict. */
  candidate?: RunVerdictName | undefined;
}

const noCause = 'no cause found';

/** Layer verdicts that may keep a network from learning, the most likely cause first; `weakening` alone does not. */
export const badVerdicts: readonly VerdictName[] = [
  'non-finite',
  'symmetric',
  'dead',
  'saturated',
  'exploding',
  'vanishing',
];

/** What the loss does: the headline and, after a colon, its figures. */
interface Found {
  verdict: RunVerdictName;
  headline: string;
  sentence: string;
}

type Cause = Pick<RunVerdict, 'cause' | 'causeType' | 'causeLayer' | 'remedies'>;

/** Judges whether a run is learning and, if not, why. Pure, like VerdictWatch. */
export class RunWatch {
  readonly #layers: readonly JudgedLayer[];
  readonly #facts: RunFacts;
  readonly #state: RunState;

  constructor(layers: readonly JudgedLayer[], facts: RunFacts, state?: Readonly<RunState>) {
    this.#layers = layers;
    this.#facts = facts;
    this.#state = structuredClone(state ?? { losses: { span: 1, stretches: [] }, skipped: 0, epochs: [], ratios: {} });
  }

  /** A copy of the state. */
  get state(): RunState {
    return structuredClone(this.#state);
  }

  get verdict(): RunVerdict | undefined {
    return this.#state.verdict;
  }

  addStep(step: StepRecord): void {
    const state = this.#state;
    state.skipped = isBad(step) ? state.skipped + 1 : 0;
    if (step.skipped) return;
    addLoss(state.losses, step);
    if (!step.health) return;
    const { input, layers } = step.health;
    if (input) state.input = input;
    for (const [name, { updateRatio }] of Object.entries(layers)) {
      if (!Number.isFinite(updateRatio)) continue;
      state.ratios[name] ??= { most: updateRatio, recent: updateRatio };
      const ratio = state.ratios[name];
      ratio.most = Math.max(ratio.most, updateRatio);
      ratio.recent += (updateRatio - ratio.recent) / 20;
    }
  }

  addEpoch({ loss, validationLoss }: EpochRecord): void {
    this.#state.epochs.push({ loss, ...(validationLoss !== undefined && { validationLoss }) });
  }

  /**
   * The verdict after a step if it differs from the previous one. It changes only when two consecutive judgments agree, except at
   * the end.
   *
   * @param verdicts the layers' current verdicts.
   * @param end set at the end of the run, or when it fails because of non-finite numbers.
   */
  judge(
    { step, epoch }: { step: number; epoch: number },
    verdicts: readonly Verdict[],
    end?: 'end' | 'failure',
  ): RunVerdict | undefined {
    const found = this.#find(end === 'failure');
    if (!found) return undefined;
    const { verdict } = found;
    const isNew = verdict !== this.#state.verdict?.verdict && verdict !== this.#state.candidate;
    this.#state.candidate = verdict;
    if (isNew && !end) return undefined;
    const before = this.#state.verdict;
    const now: RunVerdict = { ...found, step, epoch, ...this.#causeOf(verdict, verdicts) };
    this.#state.verdict = now;
    return before && isSame(before, now) ? undefined : now;
  }

  #find(failed: boolean): Found | undefined {
    const { losses, skipped } = this.#state;
    if (failed) {
      const sentence = `${count(skipped)} steps in a row had numbers that are not finite`;
      return { verdict: 'diverging', headline: 'steps had numbers that are not finite', sentence };
    }
    const steps = stepsOf(losses);
    if (steps < runThresholds.steps) return undefined;
    const [first, second, third, last] = quartersOf(losses) as [Quarter, Quarter, Quarter, Quarter];
    const chance = this.#facts.chance?.loss;
    const whole = chance ?? first.loss;
    const over = `over the last ${count(last.steps)} steps`;
    const level = chance === undefined ? '' : `; chance level is ${roughFigure(chance)}`;
    const least = Math.min(first.loss, second.loss, third.loss);
    const isRising = last.loss > third.loss && last.loss > runThresholds.rise * least;
    if (isRising && last.loss > runThresholds.aboveChance * whole)
      return withFigures(
        'diverging',
        'the loss rises',
        `${roughFigure(least)}, then ${roughFigure(last.loss)} ${over}${level}`,
      );
    const overfitting = this.#overfitting();
    if (overfitting) return overfitting;
    const accuracy = this.#facts.chance ? `, accuracy ${percent(last.accuracy)}` : '';
    const figures = `${roughFigure(last.loss)}${accuracy} ${over}${level}`;
    const stands = !(third.loss - last.loss >= runThresholds.fall * third.loss);
    if (stands && last.loss > runThresholds.high * whole) {
      const isChance = chance !== undefined && last.loss >= runThresholds.nothing * chance;
      return withFigures('plateau', `the loss ${isChance ? 'stays at chance level' : 'stalls'}`, figures);
    }
    if (stands || last.loss < runThresholds.low * whole)
      return withFigures('done', `the loss ${stands ? 'no longer falls' : 'is low'}`, figures);
    return withFigures('learning', 'the loss falls', `${roughFigure(third.loss)}, then ${figures}`);
  }

  #overfitting(): Found | undefined {
    const { epochs } = this.#state;
    const validated = epochs.flatMap(({ loss, validationLoss }, i) =>
      validationLoss === undefined ? [] : [{ loss, validationLoss, epoch: i + 1 }],
    );
    if (validated.length < 3) return undefined;
    const best = validated.reduce((a, b) => (b.validationLoss < a.validationLoss ? b : a));
    const [before, last] = validated.slice(-2) as [(typeof validated)[0], (typeof validated)[0]];
    const most = runThresholds.validationRise * best.validationLoss;
    if (best.epoch >= before.epoch || !(Math.min(before.validationLoss, last.validationLoss) > most)) return undefined;
    if (!(last.loss < best.loss)) return undefined;
    return {
      verdict: 'overfitting',
      headline: 'the validation loss rises while that of training falls',
      sentence:
        `the validation loss rises, ${roughFigure(best.validationLoss)} in epoch ${best.epoch} and ${roughFigure(last.validationLoss)} now, ` +
        `while that of training falls, ${roughFigure(best.loss)} and ${roughFigure(last.loss)}`,
    };
  }

  #causeOf(verdict: RunVerdictName, verdicts: readonly Verdict[]): Cause {
    const known = this.#inputs() ?? layerCause(verdicts, badVerdicts);
    // A run that is learning despite a problem keeps its cause.
    if (verdict === 'learning' || verdict === 'done') return known ?? { cause: '', remedies: [] };
    if (verdict === 'overfitting') return this.#fewImages();
    const found = known ?? this.#rate() ?? layerCause(verdicts, ['weakening']);
    return found ?? { cause: noCause, remedies: verdict === 'diverging' ? [smallerRate] : [] };
  }

  #fewImages(): Cause {
    const { images, weights } = this.#facts;
    return {
      causeType: 'fewImages',
      cause: `data: ${count(images)} training images for ${count(weights)} weights`,
      remedies: ['more images or augmentation', 'dropout, kernelRegularizer or fewer units', 'earlyStopping'].map(
        (words) => ({ words }),
      ),
    };
  }

  #inputs(): Cause | undefined {
    const { input } = this.#state;
    if (!input || isHealthyInput(this.#layers, input)) return undefined;
    const { mean, standardDeviation } = input;
    return {
      causeType: 'inputs',
      cause:
        `inputs: what reaches the first layer has mean ${roughFigure(mean)} and standard deviation ${roughFigure(standardDeviation)}, ` +
        `where about 1 is usual (${inputWords(rescaleFor(input))})`,
      remedies: inputRemedies(this.#layers, input),
    };
  }

  #rate(): Cause | undefined {
    const ratios = this.#layers.flatMap(({ name, kernel }) => {
      const ratio = this.#state.ratios[name];
      // Tensors that start at zero change completely in their first steps.
      return ratio && !/^(zeros|ones|constant)$/.test(kernel?.type ?? '') ? [{ name, ...ratio }] : [];
    });
    if (ratios.length === 0) return undefined;
    const share = (value: number) => `${roughFigure(100 * value)} %`;
    const large = ratios.reduce((a, b) => (b.most > a.most ? b : a));
    if (large.most >= largestUpdateRatio)
      return {
        causeType: 'learningRate',
        cause: `learning rate: a step changed the weights of ${large.name} by ${share(large.most)}`,
        remedies: [smallerRate],
      };
    const most = Math.max(...ratios.map(({ recent }) => recent));
    if (most > runThresholds.leastUpdateRatio) return undefined;
    return {
      causeType: 'learningRate',
      cause: `learning rate: a step changes no layer's weights by more than ${share(most)}`,
      remedies: [largerRate],
    };
  }
}

type Quarter = ReturnType<typeof quartersOf>[number];

const withFigures = (verdict: RunVerdictName, headline: string, figures: string): Found => ({
  verdict,
  headline,
  sentence: `${headline}: ${figures}`,
});

/** Whether only the figures of two verdicts differ. */
const isSame = (a: RunVerdict, b: RunVerdict): boolean =>
  a.verdict === b.verdict && a.causeType === b.causeType && a.causeLayer === b.causeLayer;

/** The first layer with one of these verdicts, in the order of the verdicts. */
function layerCause(verdicts: readonly Verdict[], names: readonly VerdictName[]): Cause | undefined {
  for (const name of names) {
    const found = verdicts.find(({ verdict }) => verdict === name);
    if (!found) continue;
    const { layer, sentence, remedies = [] } = found;
    return { causeType: name, causeLayer: layer, cause: `${layer} is ${name}: ${sentence}`, remedies };
  }
  return undefined;
}
