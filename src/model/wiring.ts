import { ConfigurationError, suggest } from '../errors.ts';
import { definitionOf, type FilledLayer } from './layers/index.ts';

/** Stands for the images in the `inputs` of a compiled layer. */
export const images = -1;
/** Stands for the images in a layer's `inputs`. */
export const imagesName = 'input';

export function checkNames(names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  throw new ConfigurationError({
    what: `Two layers have the same name`,
    found: twice,
    expected: 'a different name for each layer',
  });
}

/** The inputs of a layer: the ones that it names, otherwise the previous layer. */
export function inputsOf(config: FilledLayer, index: number, names: readonly string[]): number[] {
  const where = `Layer ${index + 1} (${names[index]})`;
  const { least, most } = definitionOf(config.type).inputs ?? { least: 1, most: 1 };
  const given = config.inputs;
  const found = given?.map((name) => {
    if (typeof name === 'number') return countedBack(index, name, where);
    const at = names.indexOf(name);
    if (at >= 0) return at;
    if (name === imagesName) return images;
    const known = [imagesName, ...names.filter((_, i) => i !== index)];
    throw new ConfigurationError({
      what: `${where} has an input that is not the name of a layer`,
      found: name,
      expected: `one of ${known.join(', ')}`,
      fix: suggest(name, known),
      place: ['inputs'],
    });
  }) ?? [index - 1];
  if (found.length < least || found.length > most) {
    const count = least === most ? `${least}` : most === Infinity ? `at least ${least}` : `${least} to ${most}`;
    throw new ConfigurationError({
      what: `${where} takes ${count} ${most === 1 ? 'input' : 'inputs'}`,
      found: given ? `${given.length}: ${given.join(', ')}` : 'the layer before it',
      expected: `"inputs": [${Array.from({ length: Math.max(1, least) }, () => '"<name of a layer>"').join(', ')}]`,
      place: ['inputs'],
    });
  }
  return found;
}

function countedBack(index: number, offset: number, where: string): number {
  const at = index + offset;
  if (at >= images) return at;
  throw new ConfigurationError({
    what: `${where} has an input that refers to a layer before the first one`,
    found: offset,
    expected: index === 0 ? '-1 for the images' : `-1 to ${images - index}, the last of them the images`,
    place: ['inputs'],
  });
}

/** Orders the layers so that each follows its inputs. @throws ConfigurationError for a cycle. */
export function orderOf(inputs: readonly (readonly number[])[], names: readonly string[]): number[] {
  const order: number[] = [];
  const state = new Array<'new' | 'open' | 'done'>(names.length).fill('new');
  const visit = (index: number, path: readonly number[]): void => {
    if (index === images || state[index] === 'done') return;
    if (state[index] === 'open') {
      const cycle = [...path.slice(path.indexOf(index)), index].reverse();
      throw new ConfigurationError({
        what: 'The layers form a cycle',
        found: cycle.map((i) => names[i]).join(' -> '),
        expected: 'a graph without cycles',
        fix: `change the inputs of one of them`,
      });
    }
    state[index] = 'open';
    for (const input of inputs[index]!) visit(input, [...path, index]);
    state[index] = 'done';
    order.push(index);
  };
  for (const index of names.keys()) visit(index, []);
  return order;
}

/** The only layer that is no other layer's input. @throws ConfigurationError if there are several. */
export function outputOf(consumers: readonly number[][], names: readonly string[]): number {
  const ends = [...consumers.keys()].filter((index) => consumers[index]!.length === 0);
  if (ends.length === 1) return ends[0]!;
  const last = names.length - 1;
  const unused = ends.filter((index) => index !== last).map((index) => names[index]!);
  throw new ConfigurationError({
    what: consumers[last]!.length === 0 ? 'A branch of the model leads nowhere' : 'The model has more than one output',
    found: `${ends.map((index) => names[index]).join(', ')}: the output of ${ends.length === 1 ? 'it' : 'each'} is used by no layer`,
    expected: 'one output: a single layer that no other takes as an input',
    fix: `name ${unused.join(' and ')} in the inputs of another layer, or leave ${unused.length === 1 ? 'it' : 'them'} out`,
  });
}
