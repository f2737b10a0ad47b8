import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { chromeWithoutDrivers } from './faulty_chrome.ts';
import { call, run, temporaryFolder } from './wgrad.ts';

beforeAll(async () => {
  // The first call builds the command, which must not be part of a test.
  const { code, stdout } = await run('--version');
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});

test('help lists the commands, and the flags of each command', async () => {
  const [all, train] = [await call('--help'), await call('train', '--help')];
  expect(all.code).toBe(0);
  for (const command of ['train', 'profile', 'lr-find', 'data', 'dev']) expect(all.stdout).toContain(command);
  expect(train.code).toBe(0);
  for (const flag of [
    '--dataset',
    '--clean',
    '--train-samples',
    '--test-samples',
    '--epochs',
    '--batch-size',
    '--optimizer',
    '--learning-rate',
    '--momentum',
    '--clipnorm',
    '--clipvalue',
    '--global-clipnorm',
    '--weight-decay',
    '--seed',
    '--augment',
    '--model',
    '--adapter',
    '--chrome',
    '--json',
    '--health',
    '--csv',
    '--logdir',
    '--metrics',
    '--early-stopping',
    '--reduce-lr-on-plateau',
    '--validation-freq',
    '--tta',
    '--sample-weight',
  ]) {
    expect(train.stdout).toContain(flag);
  }
});

/** IDX: two zero bytes, the type code of bytes, the number of dimensions, their sizes, the data. */
function idx(shape: number[], data: number[]): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, 8, shape.length]);
  for (const [i, size] of shape.entries()) view.setUint32(4 + 4 * i, size);
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

const twoImages = idx([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
const twoLabels = idx([2], [0, 1]);

function folderWith(files: Record<string, Uint8Array>): string {
  const folder = temporaryFolder();
  const whole = {
    'train-images-idx3-ubyte': twoImages,
    'train-labels-idx1-ubyte': twoLabels,
    't10k-images-idx3-ubyte': twoImages,
    't10k-labels-idx1-ubyte': twoLabels,
    ...files,
  };
  for (const [name, bytes] of Object.entries(whole)) if (bytes.length) writeFileSync(join(folder, name), bytes);
  return folder;
}

function modelFile(model: unknown): string {
  const path = join(temporaryFolder(), 'model.json');
  writeFileSync(path, typeof model === 'string' ? model : JSON.stringify(model));
  return path;
}

/** Path of a folder that doesn't exist. */
const unused = () => join(temporaryFolder(), 'checkpoints');

const conv = { type: 'conv2d', filters: 4, kernelSize: 3 };
const softmax = { type: 'dense', units: 10, activation: 'softmax' };
const flatten = { type: 'flatten' };
/** A model that begins with these layers. */
const graph = (...layers: object[]) => modelFile({ inputShape: [28, 28, 1], layers: [...layers, flatten, softmax] });

// [title, arguments after `train`, text of the error].
const cases: [string, () => string[], string[]][] = [
  [
    'a remedy without what verdicts need',
    () => ['--apply-remedy', '--health', 'off'],
    ['--apply-remedy needs the verdicts', 'leave --health out'],
  ],
  [
    'a remedy beside checkpoints',
    () => ['--apply-remedy', '--checkpoint', unused()],
    ['--apply-remedy trains two networks', '--apply-remedy with --checkpoint'],
  ],
  ['an unknown loss', () => ['--loss', 'hubert'], ['Unknown loss', 'did you mean "huber"?']],
  [
    'a loss that the model does not end for',
    () => [
      ...['--dataset', 'digits', '--loss', 'huber', '--model'],
      modelFile({
        inputShape: [8, 8, 1],
        layers: [{ type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }],
      }),
    ],
    ['huber needs a model that ends in numbers', 'use the loss sparseCategoricalCrossentropy'],
  ],
  [
    'labels that do not fit the loss',
    () => [
      ...['--dataset', 'digits', '--loss', 'binaryCrossentropy', '--model'],
      modelFile({
        inputShape: [8, 8, 1],
        layers: [{ type: 'flatten' }, { type: 'dense', units: 1, activation: 'sigmoid' }],
      }),
    ],
    ['labels of 10 classes, for 1 output', 'use the loss sparseCategoricalCrossentropy'],
  ],
  ['a negative class weight', () => ['--class-weight', '{ "1": -2 }'], ['The weight of class 1 is invalid', '-2']],
  [
    'a class without a weight',
    () => ['--dataset', 'digits', '--class-weight', '{ "1": 2 }'],
    ['classWeight has no weight for class 0'],
  ],
  [
    'sample weights of other images',
    () => ['--dataset', 'digits', '--sample-weight', modelFile('[1, 0.5, 2]')],
    ['--sample-weight has a different number of weights', '3 weights in', 'one for each training image of digits'],
  ],
  [
    'a negative sample weight',
    () => ['--sample-weight', modelFile('[1, -2]')],
    ['the weight of training image 1 is invalid', '-2'],
  ],
  [
    'sample weights that are none',
    () => ['--sample-weight', modelFile('a,b\n1,2\n')],
    ['is not a list of numbers', 'a, b'],
  ],
  ['sample weights that are not there', () => ['--sample-weight', '/nowhere'], ['names a file that does not exist']],
  ['a flag', () => ['--epoch', '2'], ["--epoch'", '--epochs']],
  ['a data set', () => ['--dataset', 'mnits'], ['"mnits"', '"mnist"']],
  ['an optimizer', () => ['--optimizer', 'adm'], ['"adm"', '"adam"']],
  ['an optimizer as JSON', () => ['--optimizer', '{"type":"moun"}'], ['"moun"', '"muon"']],
  [
    "an optimizer's option out of range",
    () => ['--optimizer', '{"type":"rmsprop","rho":2}'],
    ['rmsprop: rho is invalid', 'found: 2', 'a number from 0 to 1'],
  ],
  ['an adapter', () => ['--adapter', 'softwear'], ['"softwear"', '"software"']],
  ['an augmentation', () => ['--augment', 'tutoral'], ['"tutoral"', '"tutorial"']],
  [
    'a layer',
    () => ['--model', modelFile({ inputShape: [28, 28, 1], layers: [{ type: 'conv2' }] })],
    ['"conv2"', '"conv2d"'],
  ],
  [
    'an activation',
    () => ['--model', modelFile({ inputShape: [28, 28, 1], layers: [{ ...conv, activation: 'rleu' }] })],
    ['"rleu"', '"relu"'],
  ],
  [
    'an option of a layer',
    () => ['--model', modelFile({ inputShape: [28, 28, 1], layers: [{ ...conv, stride: 2 }] })],
    ['stride', 'strides'],
  ],
  ['a negative number', () => ['--epochs', '-1'], ['--epochs', '"-1"', 'at least 1']],
  ['no number', () => ['--learning-rate', 'fast'], ['--learning-rate', '"fast"']],
  ['NaN', () => ['--learning-rate', 'NaN'], ['--learning-rate', '"NaN"']],
  ['an infinite number', () => ['--learning-rate', '1e999'], ['--learning-rate']],
  ['half a batch', () => ['--batch-size', '0.5'], ['--batch-size', 'whole number']],
  [
    'a schedule that is nearly one',
    () => ['--learning-rate', '{"type":"cosinDecay"}'],
    ['did you mean "cosineDecay"?'],
  ],
  [
    'a schedule without its steps',
    () => ['--learning-rate', '{"type":"cosineDecay","initialLearningRate":0.1}'],
    ['cosineDecay lacks decaySteps'],
  ],
  [
    'boundaries that fall',
    () => ['--learning-rate', '{"type":"piecewiseConstantDecay","boundaries":[9,3],"values":[1,1,1]}'],
    ['do not increase', 'above 9'],
  ],
  ['a momentum above one', () => ['--optimizer', 'sgd', '--momentum', '1.5'], ['--momentum', 'at most 1']],
  ['a clip of nothing', () => ['--clipnorm', '0'], ['clipnorm', 'a number > 0']],
  [
    'two ways to clip',
    () => ['--clipvalue', '1', '--global-clipnorm', '2'],
    ['clips gradients in more than one way', '"clipvalue":1', '"globalClipnorm":2'],
  ],
  ['no batch in a step', () => ['--accumulation-steps', '0'], ['--accumulation-steps', 'at least 1']],
  ['a memory of no size', () => ['--memory-budget', 'lots'], ['--memory-budget', '"lots"', '256MiB']],
  ['no memory', () => ['--memory-budget', '0'], ['--memory-budget', 'above 0']],
  ['half a batch more', () => ['--accumulation-steps', '1.5'], ['--accumulation-steps', 'whole number']],
  [
    'a storage that is nearly one',
    () => ['--activation-storage', 'flaot16'],
    ['--activation-storage', 'did you mean "float16"?'],
  ],
  ['a factor of nothing', () => ['--loss-scale', '0'], ['--loss-scale', 'at least 1']],
  ['a factor that is nearly a word', () => ['--loss-scale', 'dynamik'], ['--loss-scale', 'dynamic, or a whole number']],
  ['a factor that nothing uses', () => ['--loss-scale', '64'], ['no effect without --activation-storage float16']],
  [
    'a factor that is no power of two',
    () => ['--activation-storage', 'float16', '--loss-scale', '100'],
    ['--loss-scale', '100', 'a power of two', 'use 128'],
  ],
  ['a loss by its initials', () => ['--loss', 'mse'], ['did you mean "meanSquaredError"?']],
  ['an argument', () => ['mnist'], ["Too many arguments for 'train'", '1.\n  to do: run wgrad train --help']],
  ['figures of two runs on one output', () => ['--json', '-', '--apply-remedy'], ['--apply-remedy with --json -']],
  ['a table on the standard output', () => ['--csv', '-'], ['--csv does not write to the standard output', './-']],
  ['an average that keeps more than all', () => ['--ema', '1.5'], ['--ema', 'at most 1']],
  ['a negative weight decay', () => ['--weight-decay', '-1'], ['--weight-decay', 'at least 0']],
  ['a model that is nearly one', () => ['--model', 'deep-sigmiod'], ['--model', 'did you mean "deep-sigmoid"?']],
  ['a metric that is nearly one', () => ['--metrics', 'recall,f1'], ['Unknown metric', '"f1"']],
  [
    'a k beyond the classes',
    () => ['--dataset', 'digits', '--metrics', '[{"type":"topKCategoricalAccuracy","k":11}]'],
    ['k 11', 'k from 1 to 10'],
  ],
  ['a negative patience', () => ['--early-stopping', '-1'], ['--early-stopping', 'at least 0']],
  ['an option that earlyStopping lacks', () => ['--early-stopping', '{"patince":1}'], ['did you mean "patience"?']],
  [
    'a monitor that is not measured',
    () => ['--dataset', 'digits', '--early-stopping', '{"monitor":"validationF1Score"}'],
    ['earlyStopping monitors', "add 'f1Score' to metrics"],
  ],
  ['a factor of one', () => ['--reduce-lr-on-plateau', '{"factor":1}'], ['factor is invalid']],
  ['a validation every 0 epochs', () => ['--validation-freq', '0'], ['--validation-freq', 'at least 1']],
  ['no augmented sample', () => ['--tta', '0'], ['--tta', 'at least 1']],
  ['momentum for adam', () => ['--momentum', '0.9'], ['--momentum belongs to sgd']],
  ['a seed of more than 32 bits', () => ['--seed', '4294967296'], ['--seed', '4294967295']],
  ['more images than there are', () => ['--dataset', 'digits', '--train-samples', '5000'], ['5000', 'at most 1500']],
  ['a folder for --json', () => ['--json', '/'], ['--json', 'folder']],
  ['a level of health', () => ['--health', 'ful'], ['"ful"', '"full"']],
  ['a folder for --csv', () => ['--csv', '/'], ['--csv', 'folder']],
  ['a folder that is not there for --csv', () => ['--csv', '/no/such/run.csv'], ['--csv', 'does not exist']],
  ['a file for --logdir', () => ['--logdir', join(modelFile('{}'), 'runs')], ['--logdir', 'model.json: it is a file']],
  [
    'a folder for --logdir that takes none',
    () => ['--logdir', '/proc/none/runs'],
    ['--logdir', 'cannot be written to'],
  ],
  ['a file of a system that takes none', () => ['--save', '/proc/run.wgrad'], ['--save', 'cannot be written']],
  [
    'a monitor that is nearly one',
    () => ['--dataset', 'digits', '--checkpoint', unused(), '--monitor', 'validationLos'],
    ['--monitor monitors', 'did you mean "validationLoss"?'],
  ],
  [
    'a monitor by the name that Keras has for it',
    () => ['--dataset', 'digits', '--metrics', 'f1Score', '--early-stopping', '{"monitor":"val_f1_score"}'],
    ['did you mean "validationF1Score"?'],
  ],
  [
    'a best checkpoint by a metric that is not measured',
    () => ['--dataset', 'digits', '--checkpoint', unused(), '--monitor', 'validationRecall'],
    ['--monitor monitors', "add 'recall' to metrics"],
  ],
  [
    'a best checkpoint by accuracy, of numbers',
    () => ['--dataset', 'digits', '--loss', 'huber', '--checkpoint', unused(), '--monitor', 'accuracy'],
    ['--monitor monitors', 'one of loss, meanAbsoluteError, validationLoss, validationMeanAbsoluteError'],
  ],
  [
    'a monitor of a validation that never comes',
    () => ['--dataset', 'digits', '--epochs', '3', '--validation-freq', '4', '--early-stopping', '1'],
    ['earlyStopping monitors', 'validationFreq leaves out all of them'],
  ],
  [
    'test-time augmentation that mixes images',
    () => ['--dataset', 'digits', '--augment', '[{"type":"mixUp"}]', '--tta', '2'],
    ['testTimeAugmentation cannot mix images'],
  ],
  [
    'test-time augmentation without test images',
    () => ['--dataset', folderWith({}), '--test-samples', '0', '--tta', '2'],
    ['--test-samples', 'at least 1'],
  ],
  ['a Chrome that is none', () => ['--dataset', 'digits', '--chrome', '/nowhere/chrome'], ['--chrome', 'no such file']],
  ['a model that is not JSON', () => ['--model', modelFile('{ layers: }')], ['--model', 'not JSON']],
  ['a model without layers', () => ['--model', modelFile({ inputShape: [28, 28, 1], layers: [] })], ['no layer']],
  [
    'softmax in the middle',
    () => ['--model', modelFile({ inputShape: [28, 28, 1], layers: [flatten, softmax, softmax] })],
    ['softmax in the middle'],
  ],
  [
    'a window larger than its image',
    () => ['--model', modelFile({ inputShape: [2, 2, 1], layers: [conv, flatten, softmax] })],
    ['conv2d', '2'],
  ],
  [
    'an input that is nearly the name of a layer',
    () => [
      '--model',
      graph({ ...conv, name: 'stem' }, { ...conv, name: 'side' }, { type: 'add', inputs: ['stme', -1] }),
    ],
    ['Layer 3 (add)', 'found: "stme"', 'did you mean "stem"?'],
  ],
  [
    'a merge of shapes that do not fit',
    () => ['--model', graph(conv, { type: 'add', inputs: [-1, 'input'] })],
    ['Layer 2 (add)', '[26, 26, 4] and [28, 28, 1]', 'the same filters'],
  ],
  [
    'a normalization over an axis that is not there',
    () => ['--model', graph(conv, { type: 'layerNormalization', axis: 4 })],
    ['Layer 2 (layer_normalization)', 'axis 4 of [batch, 26, 26, 4]', 'from 1 to 3'],
  ],
  [
    'a dropout of everything',
    () => ['--model', graph(conv, { type: 'dropout', rate: 1 })],
    ['layer 2 (dropout): rate', 'found: 1', 'a number from 0 to 1'],
  ],
  [
    'groups that do not divide',
    () => ['--model', graph(conv, { ...conv, groups: 3 })],
    ['Layer 2 (conv2d_1)', '3 groups, 4 channels, 4 filters', 'a divisor of both'],
  ],
  [
    'an unused branch',
    () => ['--model', graph({ ...conv, name: 'stem' }, { ...conv, name: 'side' }, { ...conv, inputs: ['stem'] })],
    ['A branch of the model leads nowhere', 'side', 'one output'],
  ],
  [
    'a cycle',
    () => [
      '--model',
      graph(conv, { type: 'add', name: 'a', inputs: ['conv2d', 'b'] }, { ...conv, name: 'b', inputs: ['a'] }),
    ],
    ['The layers form a cycle', 'a ->', 'a graph without cycles'],
  ],
  [
    'a name twice',
    () => ['--model', graph({ ...conv, name: 'stem' }, { ...conv, name: 'stem' })],
    ['same name', '"stem"', 'a different name'],
  ],
  ['a folder without IDX files', () => ['--dataset', temporaryFolder()], ['train-images']],
  [
    'a wrong magic number',
    () => ['--dataset', folderWith({ 'train-images-idx3-ubyte': new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]) })],
    ['train-images-idx3-ubyte', '0x01020304', '0x00000803'],
  ],
  [
    'a file truncated',
    () => ['--dataset', folderWith({ 'train-images-idx3-ubyte': twoImages.subarray(0, 20) })],
    ['train-images-idx3-ubyte is truncated', '20 bytes', '24 bytes'],
  ],
  [
    'fewer labels than images',
    () => ['--dataset', folderWith({ 't10k-labels-idx1-ubyte': idx([1], [0]) })],
    ['t10k-labels', '1 labels', '2'],
  ],
  [
    'a test label outside the classes',
    () => ['--dataset', folderWith({ 't10k-labels-idx1-ubyte': idx([2], [0, 9]) })],
    ['label', 'outside the classes', '9'],
  ],
];

describe('invalid usage ends with exit code 2 before Chrome starts, with what was found and what was expected', () => {
  test.for(cases)('%s', async ([, args, words]) => {
    const { code, stdout, stderr } = await call('train', ...args());
    expect(stderr).toMatch(/^error: /m);
    for (const word of words) expect(stderr).toContain(word);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test('the program prints the error and exits with its code', async () => {
    const flags = ['train', '--optimizer', 'adm'];
    const ended = await run(...flags);
    expect(ended).toEqual(await call(...flags));
    expect(ended.code).toBe(2);
  });

  test('a command', async () => {
    const { code, stderr } = await call('trian');
    expect(stderr).toContain("'trian'");
    expect(stderr).toContain('to do: did you mean train?');
    expect(code).toBe(2);
  });

  test('options that exclude each other', async () => {
    const { code, stderr } = await call('profile', '--plan', '--kernel', 'adam');
    expect(stderr).toContain("'--plan'.\n  to do: leave one of them out");
    expect(code).toBe(2);
  });

  test('no command at all', async () => {
    const { code, stderr } = await call();
    expect(stderr).toMatch(/Usage: wgrad/);
    expect(code).toBe(2);
  });
});

/** On other systems than Linux, Chrome doesn't use Vulkan to find the GPU. */
const linux = test.skipIf(process.platform !== 'linux');

linux('no GPU where one was asked for: exit code 3, and how to get it', async () => {
  const chrome = await chromeWithoutDrivers();
  const { code, stderr } = await run('train', '--dataset', 'digits', '--adapter', 'hardware', '--chrome', chrome);
  expect(stderr).toMatch(/to do: install the GPU's driver/);
  expect(code).toBe(3);
});
