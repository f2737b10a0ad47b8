import { describe, expect, test } from 'vitest';
import type { LayerHealth, Verdict, VerdictName } from '../../src/health/health.ts';
import { firstNonFinite } from '../../src/health/health_record.ts';
import type { StepRecord } from '../../src/health/history.ts';
import { deadSamples, holdSteps, smallestDelta, thresholds, warmUpSteps } from '../../src/health/thresholds.ts';
import { timeInVerdicts, VerdictWatch } from '../../src/health/verdicts.ts';
import type { ActivationName } from '../../src/model/activations.ts';
import { product } from '../../src/product';

/** Figures of a synthetic layer; all others are those of a healthy one. */
interface Said {
  reach?: number;
  gradient?: number;
  dead?: number;
  zeros?: number;
  saturated?: number;
  equal?: number;
}

const units = 100;

function healthOf(
  { reach = 1, gradient = reach, dead = 0, zeros = 0.5, saturated = 0, equal = 0 }: Said,
  scale: number,
): LayerHealth {
  const tensor = {
    gradientNorm: 30 * gradient * scale,
    gradientRms: gradient * scale,
    gradientMax: 3 * gradient * scale,
    weightNorm: 8,
    updateNorm: 0.008,
    updateRatio: 1e-3,
  };
  return {
    ...tensor,
    tensors: { kernel: tensor },
    activation: { mean: 0.5, standardDeviation: 1, zeros, saturated },
    units,
    dead,
    equal,
    deltaRms: reach * scale,
    nonFinite: { activations: 0, deltas: 0, gradients: 0, weights: 0 },
  };
}

/** A run of `first` and a last layer, reported step by step. */
class Run {
  readonly told: { at: number; step: number; verdict: VerdictName; sentence: string; remedy: string }[] = [];
  private steps = 0;
  private readonly watch: VerdictWatch;

  constructor(
    activation: ActivationName = 'relu',
    private readonly epochSteps = 1000,
    private readonly samples = 32,
  ) {
    const layers = [
      { name: 'first', activation, next: 1 },
      { name: 'last', activation: 'softmax' as const },
    ];
    this.watch = new VerdictWatch(layers, epochSteps);
  }

  /** Adds steps with these figures of the first layer; `scale` is the RMS of the last layer's delta. */
  say(steps: number, said: Said | ((step: number) => Said), scale = 1e-3, more: Partial<StepRecord> = {}): this {
    for (let i = 0; i < steps; i++) {
      const step = ++this.steps;
      const first = healthOf(typeof said === 'function' ? said(step) : said, scale);
      const last = healthOf({ zeros: 0 }, scale);
      first.transport = first.deltaRms / last.deltaRms;
      const record: StepRecord = {
        step,
        epoch: Math.ceil(step / this.epochSteps),
        loss: 1,
        accuracy: 0.5,
        samples: this.samples,
        skipped: false,
        gradientNorms: {},
        health: { layers: { first, last }, transport: first.transport },
        ...more,
      };
      for (const { layer, ...verdict } of this.watch.add(record)) {
        if (layer === 'first') this.told.push({ at: step, ...verdict });
      }
    }
    return this;
  }

  get names(): VerdictName[] {
    return this.told.map(({ verdict }) => verdict);
  }
}

describe('what a verdict is', () => {
  const cases: [VerdictName, ActivationName, Said][] = [
    ['healthy', 'relu', {}],
    ['healthy', 'relu', { reach: 1.1 * thresholds.vanishingReach.enter, gradient: 1e-4 }],
    ['vanishing', 'relu', { reach: 0.9 * thresholds.vanishingReach.enter }],
    ['healthy', 'relu', { reach: 0.9 * thresholds.vanishingReach.enter, gradient: 0.1 }],
    ['healthy', 'relu', { reach: 0.9 * thresholds.explodingReach.enter }],
    ['exploding', 'relu', { reach: 1.1 * thresholds.explodingReach.enter }],
    ['exploding', 'linear', { reach: 1e8, gradient: 0.5 }],
    ['healthy', 'tanh', { saturated: 0.45 }],
    ['saturated', 'tanh', { saturated: 0.95, reach: 1e-5 }],
    ['saturated', 'sigmoid', { saturated: 0.6 }],
    ['vanishing', 'relu', { reach: 0 }],
    ['healthy', 'tanh', { equal: 0.45 }],
    ['symmetric', 'tanh', { equal: 0.9, reach: 0, saturated: 1 }],
    // Neither dead nor vanishing gives the reason.
    ['symmetric', 'relu', { equal: 1, reach: 0, dead: units, zeros: 1 }],
  ];
  test.each(cases)('%s: %s, %o', (verdict, activation, said) => {
    const run = new Run(activation).say(warmUpSteps, said);
    expect(run.told).toEqual([expect.objectContaining({ at: warmUpSteps, step: 1, verdict })]);
  });

  test('a small loss is not a verdict: only the relative gradient of a layer counts', () => {
    const run = new Run();
    for (let i = 0; i < 8; i++) run.say(20, {}, 10 ** -i);
    expect(run.names).toEqual(['healthy']);
  });

  test('a batch that is fitted so well that deltas underflow has no verdict', () => {
    const run = new Run().say(warmUpSteps, {}).say(100, { reach: 0 }, smallestDelta / 2);
    run.say(100, { reach: Number.NaN }, 0);
    expect(run.names).toEqual(['healthy']);
  });

  test('the figures are in the sentence, and remedies are named', () => {
    const [vanishing] = new Run('sigmoid').say(warmUpSteps, { reach: 2.5e-7 }).told;
    expect(vanishing!.sentence).toContain("only 2.50e-7 of the last layer's gradient reaches first");
    expect(vanishing!.sentence).toContain('changes its weights by 0.1 %');
    expect(vanishing!.remedy).toContain('heNormal');
    const [healthy] = new Run().say(warmUpSteps, { dead: 7 }).told;
    expect(healthy!.sentence).toContain('7 of its 100 units are dead');
    expect(healthy!.remedy).toBe('');
    const [dead] = new Run().say(deadSamples, { dead: 98, zeros: 0.97 }).told;
    expect(dead!.sentence).toMatch(/98 of the 100 units of first .*97 % of its outputs/);
  });
});

describe('dead units', () => {
  const batch = 32;
  const enough = Math.ceil(deadSamples / batch);

  test('are reported after enough samples could have activated them, and not after a first batch', () => {
    const run = new Run('relu', 1000, batch).say(enough - 1, { dead: 100, zeros: 1, reach: 0 });
    expect(run.told).toEqual([]);
    run.say(1, { dead: 100, zeros: 1, reach: 0 });
    expect(run.told).toEqual([expect.objectContaining({ at: enough, step: 1, verdict: 'dead' })]);
  });

  test('a whole epoch is enough, however short', () => {
    const run = new Run('relu', 4, batch).say(3, { dead: 60 });
    expect(run.told).toEqual([]);
    expect(run.say(1, { dead: 60 }).told).toEqual([expect.objectContaining({ at: 4, step: 1, verdict: 'dead' })]);
  });

  test('each epoch starts with all units unseen, which does not change the verdict', () => {
    const epochSteps = 100;
    const sparse = (step: number) => ({ dead: Math.max(30, 95 - 5 * ((step - 1) % epochSteps)) });
    expect(new Run('relu', epochSteps, batch).say(5 * epochSteps, sparse).names).toEqual(['healthy']);
    const dead = (step: number) => ({ dead: Math.max(70, 95 - 5 * ((step - 1) % epochSteps)) });
    expect(new Run('relu', epochSteps, batch).say(5 * epochSteps, dead).names).toEqual(['dead']);
  });

  test('a layer that dies within an epoch is reported before the next one', () => {
    const run = new Run('relu', 1000, batch).say(50, { dead: 3 }).say(enough, { dead: 3, zeros: 1, reach: 0 });
    expect(run.told.at(-1)).toMatchObject({ at: 50 + enough, step: 51, verdict: 'dead' });
    expect(run.say(500, { dead: 3, zeros: 1, reach: 0 }).names).toEqual(['healthy', 'dead']);
  });

  test('a layer that becomes active again is healthy', () => {
    const run = new Run('relu', 1000, batch).say(enough, { dead: 60 }).say(holdSteps - 1, { dead: 20 });
    expect(run.names).toEqual(['dead']);
    expect(run.say(1, { dead: 20 }).names).toEqual(['dead', 'healthy']);
  });
});

describe('a verdict does not flicker', () => {
  test('the first steps have no verdict', () => {
    expect(new Run().say(warmUpSteps - 1, { reach: 1e-9 }).told).toEqual([]);
  });

  test('a figure that fluctuates around the threshold changes the verdict once', () => {
    const { enter } = thresholds.vanishingReach;
    const run = new Run().say(50, {}).say(1000, (step) => ({ reach: enter * (step % 40 < 25 ? 0.7 : 1.4) }));
    expect(run.names).toEqual(['healthy', 'vanishing']);
  });

  test('between the two thresholds, the verdict stays as it is', () => {
    const between = { reach: Math.sqrt(thresholds.vanishingReach.enter * thresholds.vanishingReach.leave) };
    expect(new Run().say(50, {}).say(500, between).names).toEqual(['healthy']);
    expect(new Run().say(50, { reach: 1e-6 }).say(500, between).names).toEqual(['vanishing']);
  });

  test('outliers and skipped steps do not change the verdict', () => {
    const run = new Run().say(500, (step) => ({ reach: step % holdSteps === 0 ? 1 : step % 7 === 0 ? 1e9 : 0.5 }));
    run.say(100, { reach: 1e9 }, 1e-3, { skipped: true });
    expect(run.names).toEqual(['healthy']);
  });

  test('a verdict is reported after a delay, and applies from its start', () => {
    const run = new Run().say(100, {}).say(holdSteps, { reach: 1e-6 });
    expect(run.told.at(-1)).toMatchObject({ at: 100 + holdSteps, step: 101, verdict: 'vanishing' });
    run.say(300, { reach: 1e-6 }).say(holdSteps, {});
    expect(run.told.at(-1)).toMatchObject({ step: 101 + holdSteps + 300, verdict: 'healthy' });
  });
});

describe('numbers that are not finite', () => {
  const bad = { layer: 'first', pass: 'gradient' as const };
  const nonFinite = (layer: string) => {
    const first = healthOf({ reach: Number.NaN }, 1);
    first.nonFinite.gradients = 12;
    return {
      skipped: true,
      health: { layers: { first, last: healthOf({}, 1) }, transport: Number.NaN, firstNonFinite: { ...bad, layer } },
    };
  };

  test('are reported immediately, with layer, pass and step, even in the first step', () => {
    const [verdict] = new Run().say(1, {}, 1, nonFinite('first')).told;
    expect(verdict).toMatchObject({ at: 1, step: 1, verdict: 'non-finite' });
    expect(verdict!.sentence).toMatch(/at step 1 .* gradient pass of first: 12 numbers/);
    const late = new Run().say(41, {}).say(1, {}, 1, nonFinite('first'));
    expect(late.told.at(-1)).toMatchObject({ at: 42, step: 42, verdict: 'non-finite' });
    expect(late.told.at(-1)!.sentence).toContain('0.001 times its weights');
  });

  test('a gradient too large to square is named too', () => {
    const first = healthOf({}, 1);
    first.gradientNorm = Infinity;
    const layers = { first, last: healthOf({}, 1) };
    const health = { layers, transport: 1, firstNonFinite: firstNonFinite(layers, true) };
    const [verdict] = new Run().say(1, {}, 1, { skipped: true, health }).told;
    expect(verdict!.sentence).toMatch(/gradient pass of first: the square of its gradient/);
  });

  test('are reported once and only for the first layer, and end after some finite steps', () => {
    expect(new Run().say(50, {}).say(3, {}, 1, nonFinite('last')).names).toEqual(['healthy']);
    const run = new Run().say(50, {}).say(3, {}, 1, nonFinite('first')).say(holdSteps, {});
    expect(run.names).toEqual(['healthy', 'non-finite', 'healthy']);
  });
});

test('a layer that is affected by another one is reported as such', () => {
  const layers = ['a', 'b', 'c'].map((name, i) => ({ name, activation: 'relu' as const, next: i + 1 }));
  const watch = new VerdictWatch([...layers, { name: 'last', activation: 'softmax' }], 1000);
  const told: Verdict[] = [];
  for (let step = 1; step <= 40; step++) {
    const dead = { reach: 0, zeros: 1, dead: units };
    const health = [{ reach: 0 }, dead, { reach: 0.5 }, { zeros: 0 }].map((said) => healthOf(said, 1e-3));
    health.forEach((layer, i) => {
      if (i < 3) layer.transport = layer.deltaRms / health[i + 1]!.deltaRms;
    });
    const [a, b, c, last] = health as [LayerHealth, LayerHealth, LayerHealth, LayerHealth];
    const record = { step, epoch: 1, loss: 1, accuracy: 0, samples: 32, skipped: false, gradientNorms: {} };
    told.push(...watch.add({ ...record, health: { layers: { a, b, c, last }, transport: 0 } }));
  }
  const of = (layer: string) => told.filter((verdict) => verdict.layer === layer);
  expect(of('a')).toEqual([expect.objectContaining({ verdict: 'vanishing' })]);
  expect(of('a')[0]!.sentence).toContain('b lets nothing through');
  expect(of('a')[0]!.remedy).toContain('see to b first');
  expect(of('b').map(({ verdict }) => verdict)).toEqual(['dead']);
  expect(of('c').map(({ verdict }) => verdict)).toEqual(['healthy']);
});

describe('a steady decline', () => {
  /** Verdict of the first of several layers that each pass on the given fraction; the last hidden one gets a tenth. */
  const first = (passed: number[], gradient: number): Verdict | undefined => {
    const layers = [...passed, 0, 0].map((_, i) => ({ name: `l${i}`, activation: 'sigmoid' as const, next: i + 1 }));
    layers[layers.length - 1]!.next = undefined as never;
    const watch = new VerdictWatch(layers, 1000);
    const factors = [...passed, 0.1, Number.NaN];
    const reachOf = (i: number) => product(factors.slice(i, -1));
    const health = Object.fromEntries(
      layers.map(({ name }, i) => {
        const layer = healthOf({ reach: reachOf(i), gradient: i < layers.length - 1 ? gradient : 1 }, 1e-3);
        return [name, { ...layer, ...(i < layers.length - 1 && { transport: factors[i]! }) }];
      }),
    );
    const told: Verdict[] = [];
    for (let step = 1; step <= warmUpSteps; step++) {
      const record = { step, epoch: 1, loss: 1, accuracy: 0, samples: 32, skipped: false, gradientNorms: {} };
      told.push(...watch.add({ ...record, health: { layers: health, transport: 1 } }));
    }
    return told.find(({ layer }) => layer === 'l0');
  };

  test("is weakening, which is milder than vanishing, with the relative gradient and each layer's factor", () => {
    const found = first([0.233, 0.24, 0.226], 0.01)!;
    expect(found.verdict).toBe('weakening');
    expect(found.sentence).toMatch(
      /^each layer passes on a quarter; the first gets 1\/79 of the last hidden layer's gradient/,
    );
    expect(found.remedy).toMatch(/^relu with heNormal .* in place of sigmoid/);
  });

  test.each<[string, VerdictName, number[], number]>([
    ['three sigmoid layers', 'healthy', [0.25, 0.25], 0.01],
    ['a layer that passes on all breaks it', 'healthy', [0.15, 0.9, 0.15], 0.02],
    ['one layer alone', 'healthy', [0.02], 0.01],
    ['weights that move well', 'healthy', [0.25, 0.25, 0.25], 0.5],
    ['less than a thousandth', 'vanishing', [0.2, 0.2, 0.2, 0.2], 0.001],
  ])('%s: %s', (_, verdict, passed, gradient) => {
    expect(first(passed, gradient)!.verdict).toBe(verdict);
  });
});

test('the fractions of time in the verdicts add up to one', () => {
  const verdict = (layer: string, name: VerdictName, step: number) => ({
    ...{ layer, verdict: name, step, epoch: 1, sentence: '', remedy: '' },
  });
  const verdicts = [
    verdict('a', 'healthy', 1),
    verdict('b', 'dead', 1),
    verdict('a', 'vanishing', 31),
    verdict('a', 'healthy', 91),
  ];
  expect(timeInVerdicts(verdicts, 'a', 100)).toEqual({ healthy: 40, vanishing: 60 });
  expect(timeInVerdicts(verdicts, 'b', 100)).toEqual({ dead: 100 });
  expect(timeInVerdicts(verdicts, 'c', 100)).toEqual({});
});
