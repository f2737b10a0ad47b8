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

/** A measured layer, as far as a verdict needs to know it. */
export interface JudgedLayer {
  name: string;
  activation: ActivationName;
  /** Position of the layer that its gradient comes from, `next` of a measured layer: in a chain the one after it. */
  next?: number | undefined;
  /** The initializers of its kernel and bias, where it has them and they are trained. */
  kernel?: FilledInitializer | undefined;
  bias?: FilledInitializer | undefined;
  /** It normalizes its input, whatever scale that has. */
  normalizes?: boolean | undefined;
}

/** The layers of a model that verdicts are about. */
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
  /** RMS of the layer's delta over the last layer's: the product of the transport factors between them. */
  reach: number;
  /** RMS of the gradient of its weights over the last layer's. */
  relativeGradient: number;
  /** The layers, in the order of computation. */
  layers: readonly JudgedLayer[];
  /** The layer's update ratio in the last step that counted, and the largest one so far. */
  lastUpdateRatio?: number | undefined;
  mostUpdateRatio?: number | undefined;
}

/** Steps in a row: where they begin, how many they are, and their samples. */
export interface Stretch {
  step: number;
  epoch: number;
  steps: number;
  samples: number;
}

export interface Standing {
  verdict?: Verdict;
  /** The judgment of the last steps in a row, if it isn't the verdict. */
  streak?: { name: VerdictName; steps: number; since: Stretch };
  /** Steps in which a ReLU layer gave zeros alone. */
  silence?: Stretch;
  lastUpdateRatio?: number;
  mostUpdateRatio?: number;
}

/** All that a watch knows between two steps, as plain data: another watch that gets it judges the next step as this one would. */
export interface WatchState {
  /** The steps of the epoch so far. */
  epoch?: Stretch;
  /** By the layer's name. */
  standings: Record<string, Standing>;
  /** The state of the run as a whole. Older files have none. */
  run?: RunState | undefined;
}

interface Finding {
  name: VerdictName;
  /** Where the evidence begins. */
  since: Stretch;
}

/**
 * Judges each layer, step by step: healthy, weakening, vanishing, exploding, symmetric, dead, saturated or non-finite. Pure: the same records
 * give the same verdicts. A layer has no verdict until its first steps agree.
 */
export class VerdictWatch {
  readonly #layers: readonly JudgedLayer[];
  readonly #epochSteps: number;
  readonly #standings: Map<string, Standing>;
  #epoch: Stretch | undefined;
  /** If it is set, it judges the run by the same steps. */
  run: RunWatch | undefined;

  /**
   * @param layers those that are measured, in the order of computation.
   * @param epochSteps steps of one epoch.
   * @param before the verdicts so far of a resumed run.
   * @param state the state of the watch that gave them, where it is known.
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

  /** A copy. */
  get state(): WatchState {
    return structuredClone({
      ...(this.#epoch && { epoch: this.#epoch }),
      standings: Object.fromEntries(this.#standings),
      ...(this.run && { run: this.run.state }),
    });
  }

  /** Every layer's verdict, in the model's order; of those that have one. */
  get verdicts(): Verdict[] {
    return this.#layers.flatMap(({ name }) => this.#standings.get(name)!.verdict ?? []);
  }

  /** Takes the next step. @returns the verdicts that change with it, in the model's order; none for a step without health. */
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
    // Evidence may reach back, but not to before the previous verdict.
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

  /** The judgment of a layer by this step; undefined if it has none, which changes nothing. */
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
        // A layer that fell silent within the epoch has units that were positive since it began.
        const evidence = silent && own.dead < own.units ? standing.silence! : this.#epoch!;
        return this.#isEnough(evidence) ? { name: 'dead', since: evidence } : undefined;
      }
    }
    // Equal units explain the rest: a kernel of zeros lets nothing through either.
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

/** A number that isn't finite is no matter of opinion, and what is known of dead units is a sum over many steps already. */
function stepsFor(name: VerdictName, present: Verdict | undefined): number {
  if (name === 'non-finite' || name === 'dead') return 1;
  return present ? holdSteps : warmUpSteps;
}

/**
 * Steps that a layer spent in each verdict, up to the last step of the run.
 *
 * @param verdicts every change, in order, of all layers.
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
