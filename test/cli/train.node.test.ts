import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { changesText, profileChanges, profileFile } from '../../src/cli/profile_file.ts';
import {
  type ChromeTrace,
  type EpochRecord,
  type Evaluation,
  type ImagesUsed,
  type KernelVariants,
  type LayerSummary,
  type LearningRateCurve,
  parseRun,
  type RunVerdict,
  type StepRecord,
  type StoppedEarly,
  type TunedKernel,
  type TuneResult,
  type Verdict,
  type VerdictName,
} from '../../src/index.ts';
import { descendants, isAlive } from './processes.ts';
import { call, runHere, start, temporaryFolder } from './wgrad.ts';

/** Inspects processes through /proc. */
const linux = test.skipIf(process.platform !== 'linux');

const minutes = (n: number) => n * 60_000;

/** Content of the file that --json writes. */
interface Written {
  config: Record<string, unknown>;
  adapter: { vendor: string; architecture: string; description: string; software: boolean };
  layers: LayerSummary[];
  startup: { compileMs: number; uploadMs: number; firstStepMs: number };
  epochs: EpochRecord[];
  steps: StepRecord[];
  verdicts: Verdict[];
  runVerdicts: RunVerdict[];
  stoppedEarly?: StoppedEarly;
  images: ImagesUsed;
  test?: Evaluation;
  stepsInVerdicts: Record<string, Partial<Record<VerdictName, number>>>;
}

/** A network that compiles immediately, for tests of the process and its files. */
const small = [
  ...['--dataset', 'digits', '--adapter', 'software', '--model'],
  JSON.stringify({
    inputShape: [8, 8, 1],
    layers: [{ type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }],
  }),
];

afterEach(() => {
  vi.unstubAllEnvs();
});

/** The rows of --csv without the header. */
const rows = (path: string): string[] => readFileSync(path, 'utf8').trimEnd().split('\n').slice(1);

const written = (path: string): Written => JSON.parse(readFileSync(path, 'utf8'));

describe('wgrad train', () => {
  test('--memory-budget: images that do not fit are streamed, with the same figures, and the report describes it', {
    timeout: minutes(2),
  }, async () => {
    const folder = temporaryFolder();
    const train = async (name: string, ...flags: string[]) => {
      const file = join(folder, name);
      const samples = ['--epochs', '1', '--batch-size', '8', '--train-samples', '400', '--test-samples', '100'];
      const { code, stdout, stderr } = await runHere('train', ...small, ...samples, ...flags, '--json', file);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      return { stdout, ...written(file) };
    };
    const resident = await train('resident.json');
    expect(resident.images.training).toMatchObject({ kind: 'resident', images: 400, bytes: 25600, buffers: 1 });
    expect(resident.stdout).not.toContain('streamed');
    const streamed = await train('streamed.json', '--memory-budget', '100kB');
    expect(streamed.config.memoryBudget).toBe(100_000);
    expect(streamed.images.training).toMatchObject({ kind: 'streamed', from: 'memory', images: 400, imagesRead: 400 });
    expect(streamed.images.training.gpuBytes).toBeLessThan(25600);
    expect(streamed.stdout).toMatch(
      /images {3}400 training images, 25.0 KiB: streamed from memory, \d+ chunks of \d+ on/,
    );
    expect(streamed.stdout).toMatch(/ {9}waited \d+\.\d s of \d+\.\d s \(.*images\/s are read/);
    expect(streamed.steps.map(({ loss }) => loss)).toEqual(resident.steps.map(({ loss }) => loss));
    expect(streamed.epochs[0]!.validationLoss).toBe(resident.epochs[0]!.validationLoss);
  });

  test('--apply-remedy trains again with the remedy of the verdict; the first run keeps its own files', {
    timeout: minutes(2),
  }, async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'run.json');
    const save = ['--save', join(folder, 'run.wgrad')];
    const faulty = ['--dataset', 'digits', '--adapter', 'software', '--model', 'dead-relu', '--augment', 'none'];
    const { code, stdout } = await runHere(
      'train',
      ...faulty,
      '--epochs',
      '3',
      '--apply-remedy',
      '--json',
      file,
      ...save,
    );
    expect(code).toBe(0);
    const untreated = join(folder, 'run-untreated.json');
    expect(stdout).toContain(`kept     ${untreated}: the run without the remedy\n`);
    expect(readdirSync(folder).sort()).toEqual(['run-untreated.json', 'run-untreated.wgrad', 'run.json', 'run.wgrad']);
    expect(written(untreated).config.model).not.toMatchObject({ layers: [{}, { biasInitializer: 'zeros' }, {}] });
    expect(stdout.match(/^(run {6}\w+|remedy )/gm)).toEqual(['run      plateau', 'remedy ', 'run      learning']);
    const { config, verdicts, runVerdicts, steps } = written(file);
    expect(config.model).toMatchObject({ layers: [{}, { biasInitializer: 'zeros' }, {}] });
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(['healthy', 'healthy']);
    expect(runVerdicts).toEqual([expect.objectContaining({ verdict: 'learning', cause: '', remedies: [] })]);
    expect(steps[0]!.health!.input).toEqual({ mean: expect.any(Number), standardDeviation: expect.any(Number) });
  });

  test('a regression reports the mean absolute error, and a loss with class weights is saved with them', {
    timeout: minutes(2),
  }, async () => {
    const [file, saved] = ['run.json', 'weighted.wgrad'].map((name) => join(temporaryFolder(), name)) as [
      string,
      string,
    ];
    const short = [
      'train',
      '--dataset',
      'digits',
      '--adapter',
      'software',
      '--model',
      'dead-relu',
      '--epochs',
      '1',
      '--augment',
      'none',
    ];
    // digits has 1,500 training images; a sample of weight 0 has no loss.
    const weights = join(temporaryFolder(), 'weights.csv');
    writeFileSync(weights, `weight\n${'0\n'.repeat(1500)}`);
    const ones = join(temporaryFolder(), 'ones.json');
    writeFileSync(ones, JSON.stringify(Array(1500).fill(1)));
    const huber = [...short, '--loss', '{ "type": "huber", "delta": 0.5 }', '--sample-weight', weights];
    const numbers = await runHere(...huber, '--json', file, '--save', saved);
    expect(numbers.code).toBe(0);
    expect(numbers.stderr).not.toContain('error');
    expect(numbers.stdout).toMatch(/epoch 1\/1 {2}loss [\d.]+ {2}mean absolute error [\d.]+/);
    expect(numbers.stdout).not.toContain('accuracy');
    const { epochs, config } = written(file);
    expect(config.loss).toEqual({ type: 'huber', delta: 0.5 });
    expect(epochs[0]!.loss).toBe(0);
    expect(epochs[0]!.validationLoss).toBeGreaterThan(0.01);
    const { sampleWeight } = parseRun(readFileSync(saved)).dataset;
    expect(sampleWeight).toMatch(/^[0-9a-f]{16}$/);
    expect(config.sampleWeight).toBe(sampleWeight);
    const resume = ['train', '--resume', saved, '--epochs', '2'];
    const refused = [await call(...resume), await call(...resume, '--sample-weight', ones)];
    expect(refused.map(({ code }) => code)).toEqual([2, 2]);
    for (const [i, found] of ['no weights', 'other weights'].entries()) {
      expect(refused[i]!.stderr).toContain("The training images' weights are not those");
      expect(refused[i]!.stderr).toContain(found);
    }
    expect((await runHere(...resume, '--sample-weight', weights)).code).toBe(0);
    expect(epochs[0]).toMatchObject({
      meanAbsoluteError: expect.any(Number),
      validationMeanAbsoluteError: expect.any(Number),
    });
    const weighted = await runHere(
      ...short,
      '--loss',
      'binaryCrossentropy',
      '--class-weight',
      'balanced',
      '--save',
      saved,
    );
    expect(weighted.code).toBe(0);
    expect(weighted.stderr).not.toContain('error');
    const { options, fit } = parseRun(readFileSync(saved));
    expect({ loss: options.loss, fit }).toEqual({ loss: 'binaryCrossentropy', fit: { classWeight: 'balanced' } });
  });

  test(
    'learns MNIST: two epochs of the first 2,000 images, batch 32, no augmentation',
    async () => {
      const file = join(temporaryFolder(), 'run.json');
      const { code, stdout, stderr } = await runHere(
        ...['train', '--train-samples', '2000', '--test-samples', '1000', '--epochs', '2', '--augment', 'none'],
        ...['--adapter', 'software', '--json', file],
      );
      expect(stderr).not.toContain('error');
      expect(code).toBe(0);
      const { config, adapter, layers, startup, epochs, steps, verdicts, stepsInVerdicts } = written(file);

      // PyTorch reaches 0.912 to 0.925 over six seeds.
      expect(epochs[1]!.validationAccuracy).toBeGreaterThanOrEqual(0.905);
      expect(epochs[1]!.validationLoss).toBeLessThan(epochs[0]!.validationLoss as number);

      expect(config).toMatchObject({ dataset: 'mnist', batchSize: 32, epochs: 2, trainSamples: 2000, seed: 0 });
      expect(config.optimizer).toMatchObject({ type: 'adam', learningRate: 0.001, epsilon: 1e-7 });
      expect(adapter.software).toBe(true);
      expect(layers.map(({ name }) => name)).toEqual([
        'conv2d',
        'max_pooling2d',
        'conv2d_1',
        'max_pooling2d_1',
        'flatten',
        'dense',
        'dense_1',
      ]);
      expect(layers.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(225_034);
      for (const ms of [startup.compileMs, startup.uploadMs, startup.firstStepMs]) expect(ms).toBeGreaterThan(0);
      expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
      expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 126 }, (_, i) => i + 1));
      const trained = ['conv2d', 'conv2d_1', 'dense', 'dense_1'];
      // The tutorial's network is healthy in every layer over its whole run.
      expect(verdicts.map(({ layer, verdict, step }) => [layer, verdict, step])).toEqual(
        trained.map((layer) => [layer, 'healthy', 1]),
      );
      for (const layer of trained) expect(stepsInVerdicts[layer]).toEqual({ healthy: 126 });
      for (const { gradientNorms } of steps) {
        expect(Object.keys(gradientNorms)).toEqual(trained);
        for (const norm of Object.values(gradientNorms)) expect(norm).toBeGreaterThan(0);
      }
      for (const layer of trained) {
        const { mean, min, max } = epochs[0]!.gradientNorms[layer]!;
        expect(min).toBeLessThan(mean);
        expect(max).toBeGreaterThan(mean);
      }

      expect(stdout).toContain('software adapter SwiftShader');
      expect(stdout).toContain('225,034');
      expect(stdout).toContain(`step 1  healthy: ${trained.join(', ')}\n`);
      expect(stdout).toMatch(/conv2d_1 +│ healthy +│ 100 % /);
      expect(stdout.match(/^epoch \d\/2 .*validation loss .*gradient norms .*dense_1 /gm)).toHaveLength(2);
      expect(stdout).not.toContain('░'); // No bar without a terminal.
    },
    minutes(10),
  );

  test(
    'the same seed gives the same numbers; sgd, a model and an augmentation are given as JSON',
    async () => {
      const folder = temporaryFolder();
      const once = async (name: string, seed: string) => {
        const file = join(folder, name);
        const { code, stderr } = await runHere(
          ...['train', ...small, '--train-samples', '320', '--epochs', '1', '--seed', seed],
          ...['--optimizer', 'sgd', '--learning-rate', '0.1', '--momentum', '0.5', '--batch-size', '64'],
          ...['--augment', '{"rotationRange": 10}', '--json', file],
        );
        expect({ code, stderr }).toMatchObject({ code: 0 });
        return written(file);
      };
      const first = await once('first.json', '7');
      expect(first.config.optimizer).toMatchObject({ type: 'sgd', learningRate: 0.1, momentum: 0.5 });
      expect(first.config.augmentation).toMatchObject({ rotationRange: 10 });
      expect(first.steps).toHaveLength(5);
      expect((await once('again.json', '7')).steps).toEqual(first.steps);
      expect((await once('other.json', '8')).steps).not.toEqual(first.steps);
    },
    minutes(5),
  );

  test(
    'holds out the last images, stops early with the best weights, and evaluates the test images with augmented samples',
    async () => {
      const folder = temporaryFolder();
      const [json, save] = [join(folder, 'run.json'), join(folder, 'run.wgrad')];
      // The loss decreases, which is no improvement with the mode `max`: epoch 1 stays the best.
      const earlyStopping = { monitor: 'loss', mode: 'max', patience: 2, restoreBestWeights: true };
      const reduceLrOnPlateau = { monitor: 'loss', mode: 'max', patience: 1, factor: 0.5 };
      const { code, stdout, stderr } = await runHere(
        ...['train', ...small, '--train-samples', '320', '--test-samples', '60', '--epochs', '6'],
        ...['--validation-split', '0.25', '--validation-freq', '1,3', '--metrics', 'precision,f1Score', '--tta', '2'],
        ...['--early-stopping', JSON.stringify(earlyStopping)],
        ...['--reduce-lr-on-plateau', JSON.stringify(reduceLrOnPlateau), '--json', json, '--save', save],
      );
      expect({ code, stderr }).toMatchObject({ code: 0 });
      const { config, steps, epochs, stoppedEarly, test } = written(json);
      expect(config.fit).toEqual({ earlyStopping, reduceLrOnPlateau, validationFreq: [1, 3], validationSplit: 0.25 });
      expect(steps.length).toBe(3 * (240 / 32 + 0.5));
      expect(epochs.map(({ validationF1Score }) => validationF1Score !== undefined)).toEqual([true, false, true]);
      expect(stoppedEarly).toMatchObject({ epoch: 3, bestEpoch: 1, restoredBestWeights: true });
      expect(test).toMatchObject({ loss: expect.any(Number), precisionByClass: expect.any(Array) });
      expect(stdout).toMatch(/^epoch 1\/6 .*validation loss [\d.]+ {2}accuracy [\d.]+ {2}precision [\d.]+ {2}f1Score/m);
      expect(stdout).toMatch(/^epoch 2\/6 .*learning rate lowered to 0.0005/m);
      expect(stdout).toMatch(
        /^stopped {2}early, after epoch 3 of 6: loss was best in epoch 1.*weights are those of epoch 1$/m,
      );
      expect(stdout).toMatch(/^test {5}loss .* f1Score [\d.]+, the mean over 2 augmented samples of each image$/m);
      expect(stdout).toMatch(/validation, by class │ precision │ f1Score/);
      const saved = parseRun(readFileSync(save));
      expect(saved.fit).toEqual(config.fit);
      expect(saved.options.metrics).toEqual(['precision', 'f1Score']);
      expect(saved.snapshot.callbacks!.earlyStopping).toMatchObject({ stoppedEpoch: 3 });
      expect(saved.snapshot.weights).toEqual(saved.snapshot.bestWeights);
      const resumed = await call('train', '--resume', save, '--adapter', 'software', '--validation-split', '0.5');
      expect(resumed).toMatchObject({ code: 2, stderr: expect.stringContaining('another --validation-split') });
    },
    minutes(5),
  );

  test(
    'a changed verdict is reported at once, and is in --json, --csv, --save and the table',
    async () => {
      const folder = temporaryFolder();
      const [json, csv, save] = [join(folder, 'run.json'), join(folder, 'run.csv'), join(folder, 'run.wgrad')];
      const model = {
        inputShape: [8, 8, 1],
        layers: [
          { type: 'flatten' },
          ...Array(8).fill({ type: 'dense', units: 16, activation: 'sigmoid' }),
          { type: 'dense', units: 10, activation: 'softmax' },
        ],
      };
      const { code, stdout, stderr } = await runHere(
        ...['train', '--dataset', 'digits', '--train-samples', '640', '--epochs', '1', '--adapter', 'software'],
        ...['--model', JSON.stringify(model), '--json', json, '--csv', csv, '--save', save],
        ...['--learning-rate', '{"type":"cosineDecay","initialLearningRate":0.001,"decaySteps":30}'],
      );
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(stdout).toMatch(
        /^step 1 {2}dense vanishes: only \S+ of the last layer's gradient reaches dense \(\S+ times per layer\);/m,
      );
      expect(stdout).toMatch(/^ +what helps: relu with heNormal/m);
      // The tutorial's recipe mirrors digits, which a single note points out.
      expect(stdout.match(/^note .*mirrored digits.*cost accuracy.*--augment handwriting/gm)).toHaveLength(1);
      expect(stdout).toMatch(/dense +│ vanishing +│ 100 % /);
      const { verdicts, steps } = written(json);
      expect(verdicts[0]).toMatchObject({ layer: 'dense', verdict: 'vanishing', step: 1, epoch: 1 });
      expect(steps[9]!.health!.layers.dense!.tensors.kernel.gradientNorm).toBeGreaterThan(0);
      expect(stdout).toMatch(/^warning {2}the run ends after 20 steps, and the schedule cosineDecay is made for 30/m);
      expect(steps[0]!.learningRate).toBe(Math.fround(0.001));
      expect(steps[15]!.learningRate).toBeCloseTo(0.0005, 9);
      const [head] = readFileSync(csv, 'utf8').split('\n');
      expect(head!.split(',').slice(0, 7)).toContain('learningRate');
      const at = head!.split(',').indexOf('dense.verdict');
      // The tenth step decided it.
      expect(rows(csv).map((row) => row.split(',')[at])).toEqual([
        ...Array(9).fill(''),
        ...Array(11).fill('vanishing'),
      ]);
      // The page's input: the weights after the last step, and the whole history.
      const { dataset, history, snapshot } = parseRun(readFileSync(save));
      expect(dataset).toMatchObject({ name: 'digits', trainSamples: 640, testSamples: 297, clean: [] });
      expect(history.verdicts).toEqual(verdicts);
      expect(history.steps).toEqual(steps.map(({ health, ...step }) => step));
      expect(history.health!.layers.dense!.updateRatio).toEqual(
        steps.map(({ health }) => health!.layers.dense!.updateRatio),
      );
      expect(snapshot.progress).toMatchObject({ epochs: 1, step: 20 });
      const norm = (tensor: Float32Array) => Math.hypot(...tensor);
      const last = steps.at(-1)!.health!.layers.dense!.tensors.kernel;
      const moved = norm(snapshot.weights[0]!) - last.weightNorm;
      expect(norm(snapshot.weights[0]!)).toBeGreaterThan(0);
      expect(Math.abs(moved)).toBeLessThan(1.01 * last.updateNorm + 1e-5);
    },
    minutes(5),
  );

  linux(
    'Ctrl-C stops it, and what was learned so far is printed and written',
    async () => {
      const folder = temporaryFolder();
      const [file, csv, logdir] = [join(folder, 'run.json'), join(folder, 'run.csv'), join(folder, 'runs', 'first')];
      const training = start(
        ...['train', ...small, '--epochs', '1000'],
        ...['--json', file, '--csv', csv, '--logdir', logdir],
      );
      await training.says('epoch 1/1000');
      // Rows are written immediately: whatever happens now, these steps are in the file.
      expect(rows(csv).length).toBeGreaterThanOrEqual(47);
      const [events] = readdirSync(logdir);
      expect(statSync(join(logdir, events!)).size).toBeGreaterThan(47 * 100);
      const started = descendants(training.child.pid as number);
      expect(started.length).toBeGreaterThan(0);
      training.child.kill('SIGINT');
      const { code, stdout } = await training.ended;
      expect(code).toBe(0);
      expect(stdout).toContain('stopped  by Ctrl-C');
      expect(stdout).toContain('validation accuracy');
      const { epochs, steps } = written(file);
      expect(epochs.length).toBeGreaterThan(0);
      expect(steps.length).toBeGreaterThanOrEqual(epochs.length * 47);
      expect(rows(csv)).toHaveLength(steps.length);
      expect(Number(rows(csv).at(-1)!.split(',')[0])).toBe(steps.at(-1)!.step);
      for (const path of [file, csv, logdir]) expect(stdout).toContain(`written  ${path}`);
      expect(started.filter(isAlive)).toEqual([]);
    },
    minutes(5),
  );

  linux(
    'a file that can no longer be written ends it, with the reason; what was learned is printed and written',
    async () => {
      const file = join(temporaryFolder(), 'run.json');
      const { code, stdout, stderr } = await runHere(
        ...['train', ...small, '--epochs', '1000'],
        ...['--csv', '/dev/full', '--json', file], // A disk without free space.
      );
      expect(stderr).toMatch(/Writing to \/dev\/full failed.*ENOSPC/s);
      expect(code).toBe(1);
      expect(stdout).toContain('gradient norm');
      expect(written(file).steps.length).toBeGreaterThan(0);
    },
    minutes(5),
  );

  linux(
    'a run that is cut says how long it takes as soon as that is measured; Chrome ends with it, even when it is killed',
    async () => {
      const model = JSON.stringify({
        inputShape: [28, 28, 1],
        layers: [{ type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }],
      });
      const training = start('train', '--dataset', 'mnist', '--adapter', 'software', '--model', model);
      const said = await training.says('time ');
      expect(said).toMatch(/^cut +to 2 epochs of 10,000 .* by a rough estimate/m);
      expect(said).toMatch(/^time +(about|a few) .* for this run, estimated from its first steps$/m);
      expect(said).not.toContain('epoch 2/2');
      const started = descendants(training.child.pid as number);
      training.child.kill('SIGKILL');
      await training.ended;
      await expect.poll(() => started.filter(isAlive), { timeout: minutes(1) }).toEqual([]);
    },
    minutes(5),
  );
});

test(
  'wgrad lr-find sweeps the learning rate and suggests one; a range from large to small is rejected',
  async () => {
    const json = join(temporaryFolder(), 'curve.json');
    const digits = ['lr-find', ...small];
    const { code, stdout, stderr } = await runHere(...digits, '--from', '1e-4', '--steps', '80', '--json', json);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/│ learning rate │ +loss │ smoothed loss │/);
    expect(stdout).toMatch(/^loss {5}[▁▂▃▄▅▆▇█]+$/m);
    expect(stdout).toMatch(/^suggest {2}--learning-rate [\d.]+: the loss falls fastest/m);
    const { learningRateCurve } = JSON.parse(readFileSync(json, 'utf8')) as { learningRateCurve: LearningRateCurve };
    expect(learningRateCurve.points[0]!.learningRate).toBeCloseTo(1e-4, 9);
    expect(stdout).toContain(`--learning-rate ${learningRateCurve.suggestion}`);
    const refused = await call(...digits, '--from', '1', '--to', '0.1');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('from < to');
  },
  minutes(3),
);

test(
  'wgrad profile times each dispatch of a step',
  async () => {
    const trace = join(temporaryFolder(), 'trace.json');
    const [before, json, roofline] = ['before.json', 'after.json', 'roofline.svg'].map((name) =>
      join(temporaryFolder(), name),
    ) as [string, string, string];
    // A profile of a single dispatch that took far longer than any spread of its time here.
    const row = { name: 'adam', layer: '', microseconds: 500_000, spreadMicroseconds: 0 };
    const file = { config: { dataset: 'mnist' }, adapter: { description: 'another' }, profile: { dispatches: [row] } };
    writeFileSync(before, JSON.stringify(file));
    const convolution = { type: 'conv2d', filters: 4, kernelSize: 3, activation: 'relu' };
    const model = {
      inputShape: [8, 8, 1],
      layers: [convolution, convolution, { type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }],
    };
    const { code, stdout, stderr } = await runHere(
      ...['profile', '--dataset', 'digits', '--model', JSON.stringify(model), '--steps', '3', '--adapter', 'software'],
      ...['--trace', trace],
      ...['--against', before, '--roofline', roofline, '--json', json],
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
    for (const name of ['begin_step', 'conv2d_forward', 'conv2d_backward_w', 'gradient_norm', 'adam']) {
      expect(stdout).toMatch(new RegExp(`${name}\\b.*\\d`));
    }
    // Includes the variant of each, in a separate row.
    expect(stdout).toMatch(/conv2d_forward +│ conv2d_1 +│ subgroups (true|false), quads \d+/);
    expect(stdout).toMatch(/\d+ dispatches in a step/);
    expect(stdout).toContain('GFLOP/s');
    expect(stdout).toContain('Timestamps are');
    expect(stdout).toMatch(
      /^step {5}[\d.e+]+ us in one pass, as it is trained \(spread [\d.]+\); the dispatches' sum is/m,
    );
    expect(stdout).toMatch(/^ceilings [\d.]+ GFLOP\/s of multiply-adds in registers and [\d.]+ GB\/s of memory/m);
    expect(stdout).toMatch(/adam +│ +│ +500000 │/);
    expect(stdout).toContain('the other profile was measured on another adapter: another');
    expect(stdout).toMatch(/the other profile was measured with other options: it differs in dataset,/);
    expect(readFileSync(roofline, 'utf8')).toMatch(/^<svg [\s\S]*conv2d_forward conv2d_1: [\s\S]*% of the roofline/);
    // Compared with itself, nothing has changed.
    const itself = profileFile(json).profile.dispatches;
    expect(changesText(profileChanges(itself, itself))).toMatch(/none of \d+ dispatches changed/);
    expect((await call('profile', '--against', roofline)).code).toBe(2);
    expect((await call('profile', '--against', join(temporaryFolder(), 'none.json'))).stderr).toContain('no such file');
    const { traceEvents } = JSON.parse(readFileSync(trace, 'utf8')) as ChromeTrace;
    const complete = traceEvents.filter((event) => event.ph === 'X');
    expect(stdout).toContain(`${complete.length} dispatches in a step`);
    for (const { ts, dur } of complete) {
      expect(dur).toBeGreaterThan(0);
      expect(ts).toBeGreaterThanOrEqual(0);
    }
    expect(new Set(complete.map(({ cat }) => cat))).toEqual(new Set(['input', 'forward', 'backward', 'update']));
  },
  minutes(5),
);

linux(
  'Ctrl-C stops wgrad tune, which prints and writes the times so far',
  async () => {
    vi.stubEnv('WGRAD_DATA_DIR', temporaryFolder()); // without times of earlier runs
    const json = join(temporaryFolder(), 'tuning.json');
    const tuning = start('tune', ...small, '--tuning', 'full', '--json', json);
    await tuning.says('Ctrl-C keeps the times so far');
    tuning.child.kill('SIGINT');
    const { code, stdout } = await tuning.ended;
    expect(code).toBe(0);
    expect(stdout).toContain('Stopping after this kernel');
    expect(stdout).toMatch(/^tuning {3}\d+ kernels?, .*; \d+ were not timed before Ctrl-C/m);
    expect(stdout).toContain(`written  ${json}`);
    expect(JSON.parse(readFileSync(json, 'utf8')).tuning.left).toBeGreaterThan(0);
  },
  minutes(3),
);

test(
  'wgrad tune times every variant and saves the times; a run uses its choices and records them',
  async () => {
    vi.stubEnv('WGRAD_DATA_DIR', temporaryFolder());
    const json = join(temporaryFolder(), 'tuning.json');
    const { code, stdout, stderr } = await runHere('tune', ...small, '--tuning', 'full', '--json', json);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/^tuning {3}\d+ kernels, 0 of them timed earlier, in [\d.]+ s: \d+ in another variant/m);
    expect(stdout).toMatch(/dense_forward +│ 1 x 1 x 32 x 64 to 10, 1 x 1 +│ subgroups true/);
    const { tuning, config } = JSON.parse(readFileSync(json, 'utf8')) as {
      tuning: TuneResult;
      config: { kernelVariants: KernelVariants };
    };
    expect(config.kernelVariants).toEqual(tuning.variants);
    for (const { timings } of tuning.kernels) expect(timings.length).toBeGreaterThan(1);
    // The next command reads the choices from the folder; the run file and its JSON contain them.
    const [saved, run] = ['tuned.wgrad', 'run.json'].map((name) => join(temporaryFolder(), name)) as [string, string];
    const trained = await runHere(
      'train',
      ...small,
      '--epochs',
      '1',
      '--tuning',
      'full',
      '--save',
      saved,
      '--json',
      run,
    );
    expect({ code: trained.code, stderr: trained.stderr }).toMatchObject({ code: 0 });
    expect(trained.stdout).toContain(
      `${tuning.kernels.length} kernels, ${tuning.kernels.length} of them timed earlier`,
    );
    expect(parseRun(readFileSync(saved)).options.kernelVariants).toEqual(tuning.variants);
    expect(JSON.parse(readFileSync(run, 'utf8'))).toMatchObject({ config: { kernelVariants: tuning.variants } });
    // The file of a run repeats its choice.
    const repeated = await runHere(
      'train',
      ...small,
      '--epochs',
      '1',
      '--kernel-variants',
      run,
      '--tuning',
      'full',
      '--save',
      saved,
    );
    expect({ code: repeated.code, stderr: repeated.stderr }).toMatchObject({ code: 0 });
    expect(repeated.stdout).toContain('--tuning full has no effect, because --kernel-variants');
    expect(parseRun(readFileSync(saved)).options.kernelVariants).toEqual(tuning.variants);
    const invalid = await call('train', ...small, '--kernel-variants', '{"dense_forward": 2}');
    expect(invalid.code).toBe(2);
    expect(invalid.stderr).toMatch(/no variant for dense_forward[\s\S]*found: 2[\s\S]*an object with the parameters/);
    // A variant that SwiftShader doesn't support.
    const [{ kernel, shape }] = tuning.kernels as [TunedKernel];
    const name = `${kernel} ${JSON.stringify(shape)}`;
    const forced = JSON.stringify({ [name]: { subgroups: true, quads: 3 } });
    const refused = await runHere('train', ...small, '--epochs', '1', '--kernel-variants', forced);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/cannot run \w+ in the variant[\s\S]*quads 3[\s\S]*subgroups false/);
    expect((await call('tune', '--tuning', 'fast')).stderr).toContain('auto, off, full');
  },
  minutes(5),
);
