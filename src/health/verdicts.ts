import { type ActivationName, activationName, rectifiers } from '../model/activations.ts';
import { type CompiledModel, trainedTensors } from '../model/graph.ts';
import { matrixOf } from '../model/layer.ts';
import { definitionOf } from '../model/layers/index.ts';
import type { FilledInitializer } from '../model/weight_options.ts';
import { steadyDecline } from './decline.ts';
import type { HealthRecord, LayerHealth, Verdict, VerdictName } from './health.ts';
import type { StepRecord } from './history.ts';
import { remediesFor, remedyWords } from './remedies.ts';
import type { RunState, RunWatch } from './run_watch.ts';
import { deadSamples, holdSteps, smallestDelta, thresholds, warmUpSteps } from './thresholds.ts';
import { sentenceFor } from './verdict_words.ts';

/** The properties of a measured layer that verdicts depend on. */
export interface JudgedLayer {
  name: string;
  activation: ActivationName;
  /** Index of the next measured layer, from which its gradient comes; in a chain the following one. */
  next?: number | undefined;
  /** The initializers of its kernel and bias, if it has them and they are trained. */
  kernel?: FilledInitializer | undefined;
  bias?: FilledInitializer | undefined;
  /** Set if it normalizes its input, so that the scale of the input doesn't matter. */
  normalizes?: boolean | undefined;
}

/** The layers of a model that get verdicts. */
export function judgedLayers(model: CompiledModel): JudgedLayer[] {
  const trained = trainedTensors(model);
  return model.measured.map(({ layer, name, activation, next, tensors }) => {
    const specs = tensors.map(({ index }) => trained[index]!.spec);
    const kernel = specs.find((spec) => matrixOf(spec) || /kernel$/i.test(spec.name))?.initializer;
    const bias = specs.find((spec) => spec.name === 'bias')?.initializer;
    const normalizes = definitionOf(model.layers[layer]!.type).role === 'normalization';
    return { name, activation: activationName(activation), next, kernel, bias, ...(normalizes && { normalizes }) };
  });
}

/** The basis of a verdict: a step, one of its layers, and the layer's relative gradient. */
export interface Figures {
  step: StepRecord;
  health: HealthRecord;
  layer: JudgedLayer;
  own: LayerHealth;
  /** RMS of the layer's delta over the last layer's: the product of the gradient ratios between them. */
  reach: number;
  /** RMS of the gradient of its weights over the last layer's. */
  relativeGradient: number;
  /** All measured layers, in the order of computation. */
  layers: readonly JudgedLayer[];
  /** The layer's update ratio in the last step that was not skipped, and the largest one so far. */
  lastUpdateRatio?: number | undefined;
  mostUpdateRatio?: number | undefined;
}

/** Consecutive steps: where they begin, their number, and their number of samples. */
export interface Stretch {
  step: number;
  epoch: number;
  steps: number;
  samples: number;
}

export interface Standing {
  verdict?: Verdict;
  /** The judgment of the last consecutive steps, if it differs from the verdict. */
  streak?: { name: VerdictName; steps: number; since: Stretch };
  /** Steps in which a ReLU layer's outputs were all zero. */
  silence?: Stretch;
  lastUpdateRatio?: number;
  mostUpdateRatio?: number;
}

/**
 * The complete state of a watch between two steps, as plain data: another watch with this state judges the next step the same way.
 */
export interface WatchState {
  /** The steps of the epoch so far. */
  epoch?: Stretch;
  /** State by layer name. */
  standings: Record<string, Standing>;
  /** State of the watch of the whole run. Missing in older files. */
  run?: RunState | undefined;
}

interface Finding {
  name: VerdictName;
  /** Where the evidence begins. */
  since: Stretch;
}

/**
 * Judges each layer step by step: healthy, weakening, vanishing, exploding, symmetric, dead, saturated or non-finite. Pure: the
 * same records give the same verdicts. A layer has no verdict until its first steps agree.
 */
export class VerdictWatch {
  readonly #layers: readonly JudgedLayer[];
  readonly #epochSteps: number;
  readonly #standings: Map<string, Standing>;
  #epoch: Stretch | undefined;
  /** If set, the run is judged by the same steps. */
  run: RunWatch | undefined;

  /**
   * @param layers measured layers, in the order of computation.
   * @param epochSteps number of steps per epoch.
   * @param before the previous verdicts of a resumed run.
   * @param state the state of the previous watch, if known.
   */
  constructor(
    layers: readonly JudgedLayer[],
    epochSteps: number,
    before: readonly Verdict[] = [],
    state?: Readonly<WatchState>,
  ) {
    this.#layers = layers;
    this.#epochSteps = epochSteps;
    this.#epoch = state?.epoch;
    this.#standings = new Map(
      layers.map(({ name }) => {
        const known = state && Object.hasOwn(state.standings, name) ? state.standings[name] : undefined;
        const verdict = before.findLast(({ layer }) => layer === name);
        return [name, known ? structuredClone(known) : verdict ? { verdict } : {}];
      }),
    );
  }

  /** A copy of the state. */
  get state(): WatchState {
    return structuredClone({
      ...(this.#epoch && { epoch: this.#epoch }),
      standings: Object.fromEntries(this.#standings),
      ...(this.run && { run: this.run.state }),
    });
  }

  /** The current verdicts, in the model's order, of all layers that have one. */
  get verdicts(): Verdict[] {
    return this.#layers.flatMap(({ name }) => this.#standings.get(name)!.verdict ?? []);
  }

  /** Adds the next step. @returns the verdicts that change with it, in the model's order; empty for a step without health. */
  add(step: StepRecord): Verdict[] {
    const { health } = step;
    this.run?.addStep(step);
    if (!health) return [];
    this.#epoch = longer(this.#epoch?.epoch === step.epoch ? this.#epoch : undefined, step);
    return this.#layers.flatMap((layer) => this.#judge(step, health, layer) ?? []);
  }

  #judge(step: StepRecord, health: HealthRecord, layer: JudgedLayer): Verdict | undefined {
    const standing = this.#standings.get(layer.name)!;
    const last = health.layers[this.#layers.at(-1)!.name]!;
    const own = health.layers[layer.name]!;
    const figures: Figures = {
      step,
      health,
      layer,
      own,
      reach: own.deltaRms / last.deltaRms,
      relativeGradient: own.gradientRms / last.gradientRms,
      layers: this.#layers,
      lastUpdateRatio: standing.lastUpdateRatio,
      mostUpdateRatio: standing.mostUpdateRatio,
    };
    const finding = this.#find(figures, last, standing);
    if (!step.skipped) {
      standing.lastUpdateRatio = own.updateRatio;
      if (own.updateRatio > (standing.mostUpdateRatio ?? 0)) standing.mostUpdateRatio = own.updateRatio;
    }
    if (!finding) return undefined;
    const { name, since } = finding;
    const present = standing.verdict;
    if (name === present?.verdict) {
      standing.streak = undefined;
      return undefined;
    }
    if (standing.streak?.name !== name) standing.streak = { name, steps: 0, since };
    const { streak } = standing;
    streak.steps++;
    if (streak.steps < stepsFor(name, present)) return undefined;
    standing.streak = undefined;
    // Evidence may reach back, but not beyond the previous verdict.
    const { step: from, epoch } = present && present.step > streak.since.step ? present : streak.since;
    const remedies = remediesFor(name, figures);
    standing.verdict = {
      layer: layer.name,
      verdict: name,
      step: from,
      epoch,
      sentence: sentenceFor(name, figures),
      remedy: remedyWords(remedies),
      ...(remedies.length > 0 && { remedies }),
    };
    return standing.verdict;
  }

  /** The judgment of a layer by this step; undefined if the step allows none, in which case nothing changes. */
  #find(figures: Figures, last: LayerHealth, standing: Standing): Finding | undefined {
    const { step, health, layer, own, reach, relativeGradient } = figures;
    const since = longer(undefined, step);
    if (health.firstNonFinite?.layer === layer.name) return { name: 'non-finite', since };
    if (step.skipped || health.firstNonFinite) return undefined;
    const past = (name: VerdictName, { enter, leave }: { enter: number; leave: number }) =>
      standing.verdict?.verdict === name ? leave : enter;

    const isSymmetric = (own.equal ?? 0) >= past('symmetric', thresholds.symmetric);
    if (rectifiers.includes(layer.activation)) {
      const silent = own.activation.zeros === 1;
      standing.silence = silent ? longer(standing.silence, step) : undefined;
      if (!isSymmetric && (silent || own.dead / own.units >= past('dead', thresholds.dead))) {
        // If a layer fell silent within the epoch, some of its units were positive earlier in it.
        const evidence = silent && own.dead < own.units ? standing.silence! : this.#epoch!;
        return this.#isEnough(evidence) ? { name: 'dead', since: evidence } : undefined;
      }
    }
    // Equal units explain everything else: a kernel of zeros also blocks the gradient.
    if (isSymmetric) return { name: 'symmetric', since };
    if (own.activation.saturated >= past('saturated', thresholds.saturated)) return { name: 'saturated', since };
    if (!(last.deltaRms >= smallestDelta) || !Number.isFinite(reach)) return undefined;
    if (reach >= past('exploding', thresholds.explodingReach)) return { name: 'exploding', since };
    const small = reach <= past('vanishing', thresholds.vanishingReach);
    const still = relativeGradient <= past('vanishing', thresholds.vanishingGradient);
    if (small && still) return { name: 'vanishing', since };
    return { name: isWeakening(figures, past) ? 'weakening' : 'healthy', since };
  }

  #isEnough({ samples, steps }: Stretch): boolean {
    return samples >= deadSamples || steps >= this.#epochSteps;
  }
}

type Past = (name: VerdictName, threshold: { enter: number; leave: number }) => number;

function isWeakening(figures: Figures, past: Past): boolean {
  const { health, layer, layers, relativeGradient } = figures;
  if (!(relativeGradient <= past('weakening', thresholds.weakeningGradient))) return false;
  const at = layers.findIndex(({ name }) => name === layer.name);
  const most = past('weakening', thresholds.weakeningHop);
  const decline = steadyDecline(layers, at, most, ({ name }) => health.layers[name]!.transport);
  return decline !== undefined && decline.share <= past('weakening', thresholds.weakeningShare);
}

function longer(stretch: Stretch | undefined, { step, epoch, samples }: StepRecord): Stretch {
  if (!stretch) return { step, epoch, samples, steps: 1 };
  return { ...stretch, samples: stretch.samples + samples, steps: stretch.steps + 1 };
}

/** A non-finite number needs no confirmation, and counts of dead units already cover many steps. */
function stepsFor(name: VerdictName, present: Verdict | undefined): number {
  if (name === 'non-finite' || name === 'dead') return 1;
  return present ? holdSteps : warmUpSteps;
}

/**
 * Number of steps that a layer spent in each verdict, up to the last step of the run.
 *
 * @param verdicts all changes, in order, of all layers.
 */
export function timeInVerdicts(
  verdicts: readonly Verdict[],
  layer: string,
  lastStep: number,
): Partial<Record<VerdictName, number>> {
  const own = verdicts.filter((verdict) => verdict.layer === layer);
  const time: Partial<Record<VerdictName, number>> = {};
  own.forEach(({ verdict, step }, i) => {
    time[verdict] = (time[verdict] ?? 0) + (own[i + 1]?.step ?? lastStep + 1) - step;
  });
  return time;
}
