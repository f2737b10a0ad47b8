import { expect, test } from 'vitest';
import { foundFolder, readDatasets } from '../../src/cli/datasets.ts';
import { datasetNames, knownDatasets } from '../../src/data/index.ts';

// A plan relies on these figures; the data sets on this machine must match them.
test.each(datasetNames.filter((name) => foundFolder(name)))(
  'the facts about %s that are known before it is read',
  async (name) => {
    const { train, test } = await readDatasets(name);
    const { imageShape, classNames } = train;
    expect({ imageShape, classNames, train: train.count, test: test.count }).toEqual(knownDatasets[name]);
  },
);

test('at least two data sets are available for the comparison', () => {
  expect(datasetNames.filter((name) => foundFolder(name)).length).toBeGreaterThanOrEqual(2);
});
