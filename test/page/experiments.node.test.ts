import { expect, test } from 'vitest';
import { initial } from '../../src/page/app/experiment.ts';
import { decode, encode } from '../../src/page/app/experiment_url.ts';
import { textOf } from '../../src/page/app/status.ts';
import { experiments, thumbnails } from '../../src/page/features/experiments/experiments.ts';
import { readFigures, readPlaces, writeFigures, writePlaces } from '../../src/page/features/experiments/recorded.ts';
import sample from '../../src/page/features/experiments/sample.json';
import { differenceWords } from '../../src/page/features/runs/compared_runs.tsx';
import { metricText, points, short, shortOrDash, withPowers } from '../../src/page/ui/numbers.ts';

test('each experiment of the gallery matches its link, and has a thumbnail', () => {
  expect(new Set(experiments.map(({ id }) => id)).size).toBe(experiments.length);
  for (const { id, parameters } of experiments) {
    const { experiment, refused, named } = decode(`#${parameters}`);
    expect(refused).toEqual([]);
    expect(named).toBe(true);
    expect(encode(experiment)).toBe(parameters);
    const { a, b, steps, stepMs } = thumbnails[id]!;
    expect(b !== undefined).toBe(experiment.twin !== undefined);
    expect(steps * stepMs).toBeGreaterThan(0);
    for (const row of [...a, ...(b ?? [])]) expect(readPlaces(row)).toHaveLength(24);
  }
});

test('the page opens with the first experiment, whose recorded run is the sample; a link sets omitted parts to defaults', () => {
  expect(encode(initial)).toBe(experiments[0]!.parameters);
  for (const bare of ['', '#', '#lesson=sigmoid', '#quiz=on']) {
    const { experiment, named } = decode(bare);
    expect(experiment).toEqual(initial);
    expect(named).toBe(false);
  }
  expect(decode('#seed=3').experiment).toMatchObject({ dataset: 'mnist', model: 'tutorial', seed: 3 });
  expect(decode('#dataset=digits').experiment).toMatchObject({ model: 'tutorial', augmentation: undefined });
});

test('a button leads from each experiment to another one or to the drawing pad, and every experiment is reached', () => {
  const reached = new Set<string>();
  for (let id = experiments[0]!.id; id !== 'try' && !reached.has(id); ) {
    reached.add(id);
    const found = experiments.find((each) => each.id === id);
    expect(found, id).toBeDefined();
    id = found!.next.then;
  }
  // The tutorial takes more than a minute on a CPU, so the story leaves it out.
  expect([...reached]).toEqual(experiments.map(({ id }) => id).filter((id) => id !== 'tutorial'));
  expect(experiments.find(({ id }) => id === 'tutorial')!.next.then).toBe('try');
});

test('the list of runs shows how a run differs from the one before it', () => {
  const words = (now: string, before: string) =>
    differenceWords(...([now, before].map((parameters) => ({ parameters })) as Parameters<typeof differenceWords>));
  expect(words('dataset=digits&seed=3', 'dataset=digits')).toBe('changed: seed 3');
  expect(words('dataset=digits', 'dataset=digits&model=five-relu&train-samples=8')).toBe(
    'changed: default model, default train samples',
  );
  expect(words(`dataset=digits&model={"layers":[{"type":"flatten"}]}`, 'dataset=digits')).toBe('changed: model');
  expect(words('dataset=digits', 'dataset=digits')).toBe('same experiment');
});

test("a link contains a twin as its variable and B's value; an unknown one is rejected", () => {
  const twin = (text: string) => decode(`#dataset=digits&twin=${text}`);
  expect(twin('model:five-relu').experiment.twin).toEqual({ vary: 'model', to: 'five-relu' });
  expect(twin('learning-rate:0.01').experiment.twin).toEqual({ vary: 'learning-rate', to: '0.01' });
  for (const text of ['model:six-relu', 'depth:5', 'learning-rate:-1', 'model', '<b>']) {
    const { experiment, refused } = twin(encodeURIComponent(text));
    expect(experiment.twin).toBeUndefined();
    expect(refused.map(({ parts }) => parts.place)).toEqual([['twin']]);
  }
});

test('a link contains the options for reading files; an invalid one is rejected', () => {
  const link = 'dataset=own&image-size=20&labels=age+%28years%29&stretch=true';
  const { experiment, refused } = decode(`#${link}`);
  expect(experiment).toMatchObject({ imageSize: 20, labels: 'age (years)', stretch: true });
  expect([refused, encode(experiment)]).toEqual([[], link]);
  for (const text of ['image-size=0', 'labels=', 'stretch=yes']) {
    const [name] = text.split('=');
    expect(decode(`#dataset=own&${text}`).refused.map(({ parts }) => parts.place)).toEqual([[name]]);
  }
  expect(encode(decode('#dataset=own&stretch=false').experiment)).toBe('dataset=own');
});

test('figures are stored with a precision of a quarter of a percent, and positions with a hundredth', () => {
  const figures = [1e-9, 2.345e-7, 0.001, 0.0402, 1, 31.4, 999, null];
  const read = readFigures(writeFigures(figures));
  figures.forEach((figure, i) => {
    if (figure === null) expect(read[i]).toBeNull();
    else expect(Math.abs(read[i]! / figure - 1)).toBeLessThan(0.0025);
  });
  expect(readFigures(writeFigures([0, Number.NaN, Infinity]))).toEqual([null, null, null]);
  const places = [-1, -0.52, 0, 0.3, 1, null];
  const again = readPlaces(writePlaces(places));
  places.forEach((place, i) => {
    if (place === null) expect(again[i]).toBeNull();
    else expect(Math.abs(again[i]! - place)).toBeLessThan(0.012);
  });
});

test('the sample run has ten sigmoid layers, most of which vanish', () => {
  const layers = Object.entries(sample.layers);
  expect(layers).toHaveLength(11);
  const columns = Math.ceil(sample.steps / sample.span);
  for (const [, { reach, norm, updateRatio }] of layers) {
    for (const text of [reach, norm, updateRatio]) expect(readFigures(text)).toHaveLength(columns);
  }
  const first = readFigures(layers[0]![1].reach);
  for (const value of first) expect(value).toBeLessThan(1e-5);
  expect(sample.verdicts.filter(({ verdict }) => verdict === 'vanishing').length).toBeGreaterThanOrEqual(5);
  expect(sample.loss.at(-1)!).toBeCloseTo(Math.log(10), 1);
  expect(JSON.stringify(sample).length).toBeLessThan(8000);
});

test('every status has a text', () => {
  expect(textOf({ is: 'idle' })).toBe('');
  expect(textOf({ is: 'epoch', epoch: 2, epochs: 10, validated: 'accuracy 91.0 %' })).toBe(
    'Epoch 2 of 10: validation accuracy 91.0 %.',
  );
  expect(textOf({ is: 'paused', steps: 1, twins: true })).toBe('Paused after 1 step of both.');
  const end = { is: 'ended', steps: 470, seconds: 61, stopped: false } as const;
  expect(textOf(end)).toBe('Done in 1:01.');
  expect(textOf({ ...end, stopped: true, skipped: 2, validated: 'accuracy 50.0 %' })).toBe(
    'Stopped after 470 steps. Validation accuracy 50.0 %. Skipped 2 steps with numbers that are not finite.',
  );
  expect(textOf({ ...end, early: { epoch: 7, monitor: 'val_loss', bestEpoch: 4 } })).toBe(
    'Stopped early after epoch 7: val_loss was best in epoch 4. Done in 1:01.',
  );
});

test('figures: three digits, accuracy in percent, powers of ten as superscripts', () => {
  expect([0.69512, 2.3, 1, 64, 1234.5, 0.000318, -4.41e-5, 2.263e-7, 123456, 999.6, 0].map(short)).toEqual([
    ...['0.695', '2.30', '1', '64', '1230', '3.18 × 10⁻⁴', '−4.41 × 10⁻⁵', '2.26 × 10⁻⁷', '1.23 × 10⁵', '1000', '0'],
  ]);
  expect([undefined, null, Number.NaN, Infinity].map(shortOrDash)).toEqual(['–', '–', 'not finite', 'Infinity']);
  expect(metricText('accuracy', 0.9495)).toBe('95.0 %');
  expect(metricText('validation accuracy', 0.09091)).toBe('9.1 %');
  expect(metricText('mean absolute error', 0.0123)).toBe('0.0123');
  expect(points(-0.0417)).toBe('−4.2 points');
  expect(withPowers('only 2.40e-7 of it reaches dense_1e5; rates 1e-5 and 3e+4')).toBe(
    'only 2.40 × 10⁻⁷ of it reaches dense_1e5; rates 10⁻⁵ and 3 × 10⁴',
  );
});
