import { describe, expect, test } from 'vitest';
import { parseAugmentation } from '../../src/augment/pipeline.ts';
import { describeAugmentation } from '../../src/index.ts';

const facts = describeAugmentation();
const optionOf = (type: string, name: string) =>
  facts.ops.find((op) => op.type === type)?.options.find((option) => option.name === name);

describe('what an augmentation may say', () => {
  test('kinds, defaults and limits are those of the schemas', () => {
    expect(optionOf('randomHorizontalFlip', 'p')).toEqual({
      name: 'p',
      kind: 'number',
      default: 0.5,
      least: 0,
      most: 1,
    });
    expect(optionOf('randomRotation', 'degrees')).toEqual({ name: 'degrees', kind: 'numberOrRange', least: 0 });
    expect(optionOf('randomAffine', 'scale')).toEqual({ name: 'scale', kind: 'range', default: [1, 1], least: 1e-6 });
    expect(optionOf('randAugment', 'numOps')).toMatchObject({ kind: 'integer', default: 2, least: 1, most: 16 });
    expect(optionOf('randomCrop', 'padIfNeeded')).toMatchObject({ kind: 'boolean', default: false });
    expect(optionOf('randomAffine', 'fillMode')).toMatchObject({
      kind: 'choice',
      choices: expect.arrayContaining(['wrap']),
    });
    expect(facts.generator.find(({ name }) => name === 'rotationRange')).toEqual({
      name: 'rotationRange',
      kind: 'number',
      default: 0,
      least: 0,
    });
  });

  test.each([
    [
      [{ type: 'randomInvert' }, { type: 'randomRotation', degrees: 'much' }],
      [1, 'degrees'],
    ],
    [
      [{ type: 'randomInvert' }, { type: 'randomRotation' }],
      [1, 'degrees'],
    ],
    [[{ type: 'randomInvert', often: true }], [0, 'often']],
    [[{ type: 'randomInvert' }, { type: 'randomInvrt' }], [1]],
    [[{ type: 'randomInvert' }, { type: 'randomGrayscale' }], [1]], // of grey images
    [[{ type: 'mixUp' }, { type: 'randomInvert' }], [0]],
    [
      [
        { type: 'randomCrop', size: 24 },
        { type: 'randomCrop', size: 28 },
      ],
      [1],
    ], // of what the first leaves
    [{ rotationRange: -1 }, ['rotationRange']],
    [{ zoomRange: [1.2, 0.8] }, ['zoomRange']],
    [{ widthShiftRange: ['far'] }, ['widthShiftRange']],
    [{ subset: 'training' }, ['subset']],
  ])('an error knows its place: %j', (augmentation, place) => {
    expect(() => parseAugmentation(augmentation, [32, 32, 1])).toThrow(
      expect.objectContaining({ parts: expect.objectContaining({ place }) }),
    );
  });

  test('every op and argument is there, and none of them lacks its options', () => {
    expect(facts.ops.length).toBeGreaterThan(28);
    for (const { type, options } of facts.ops) expect(options.length, type).toBeGreaterThan(0);
    expect(facts.generator.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['zoomRange', 'fillMode', 'compat']),
    );
  });

  test('the ends of a range are taken, what lies beyond is refused', () => {
    const shape = [32, 32, 3];
    for (const { type, options } of facts.ops) {
      const needed = Object.fromEntries(
        options
          .filter((option) => option.default === undefined)
          .map(({ name }) => [name, name === 'center' ? [16, 16] : 8]),
      );
      for (const { name, kind, least, most } of options) {
        if (kind !== 'number' && kind !== 'integer') continue;
        const parse = (value: number) => () => parseAugmentation([{ type, ...needed, [name]: value }], shape);
        if (least !== undefined) expect(parse(least - 1), `${type}.${name}`).toThrow(name);
        if (most !== undefined) expect(parse(most + 1), `${type}.${name}`).toThrow(name);
      }
    }
  });
});
