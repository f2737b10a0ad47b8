import { expect, test } from 'vitest';
import { areCharacters } from '../../src/data/characters.ts';
import { cifar10Names, digitNames, fashionMnistNames } from '../../src/data/class_names.ts';

const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];

test.each<[string, readonly string[]]>([
  ['digits', digitNames],
  ['digits in words', ['zero', 'one', 'Two', 'THREE']],
  ['digits with a word beside', ['digit_0', 'digit-1', 'Number 2', 'class3']],
  ['some of the digits', ['3', '5']],
  ['letters', alphabet],
  ['letters of both cases', ['A_upper', 'b_lower', 'capital C', 'd']],
  ['letters of other alphabets', ['あ', 'ж', 'é', 'alpha', 'Omega']],
  ['numbers of classes without names', Array.from({ length: 47 }, (_, i) => `${i}`)],
  ['numbered samples', ['Sample001', 'Sample062']],
  ['letters and what stands beside them', [...alphabet, 'space', 'delete', 'nothing']],
])('%s are characters', (_, names) => {
  expect(areCharacters(names)).toBe(true);
});

test.each<[string, readonly string[]]>([
  ['clothes', fashionMnistNames],
  ['photographs', cifar10Names],
  ['words that begin as one of them', ['onesie', 'digital watch', 'classic car', 'letterbox']],
  ['mostly something else', ['A', 'cat', 'dog']],
])('%s are not characters', (_, names) => {
  expect(areCharacters(names)).toBe(false);
});
