import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { ConfigurationError } from '../../src/errors.ts';
import { describeModels, type LayerConfig, presetNames } from '../../src/index.ts';
import { activationNames } from '../../src/model/activations.ts';
import { compileModel } from '../../src/model/graph.ts';
import { layerDefinitions } from '../../src/model/layers/index.ts';
import { optimizerDefinitions } from '../../src/model/optimizers/index.ts';
import { scheduleDefinitions } from '../../src/model/schedules/index.ts';
import { fillInitializer } from '../../src/model/weight_options.ts';
import { describeOptions, type OptionFacts } from '../../src/options.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** The comment above each definition, on one line; the folder has one file per definition. */
function commentsIn(folder: string, ending: string): Map<string, string> {
  const pattern = new RegExp(`/\\*\\*(?:(?!\\*/)[\\s\\S])*?\\*/(?=\\nexport const \\w+${ending} )`, 'g');
  return new Map(
    readdirSync(join(root, folder)).flatMap((file) => {
      const text = read(join(folder, file));
      const comment = text.match(pattern)?.[0];
      const type = /(?:\n {2}type: |\(elementwiseMerge\(|\.\.\.elementwiseMerge\()'(\w+)'/.exec(text)?.[1];
      return comment && type
        ? [
            [
              type,
              comment
                .replace(/^\/\*\*|\s*\*\/$|\n \*/g, '')
                .replace(/\s+/g, ' ')
                .trim(),
            ],
          ]
        : [];
    }),
  );
}

type Schema = { entries: Record<string, { type: string }> };

/** Options common to all layers, which are documented once. */
const ofEvery = ['name', 'inputs'];

function optionText({ entries }: Schema, { name, default: byDefault, kind, choices }: OptionFacts): string {
  const isRequired = entries[name]!.type !== 'optional';
  const value = isRequired ? ' (required)' : byDefault === undefined ? '' : ` = ${JSON.stringify(byDefault)}`;
  const named = name === 'activation' ? '' : kind === 'choice' ? ` (${choices!.join(', ')})` : '';
  return `\`${name}\`${value}${named}`;
}

const optionsText = (schema: Schema, options: readonly OptionFacts[]) =>
  options
    .filter(({ name }) => !ofEvery.includes(name))
    .map((option) => optionText(schema, option))
    .join(', ') || 'none';

/** The tensors of a layer with a form's initial options, in order. */
function tensorsText(starter: LayerConfig, leastInputs: number): string {
  const conv = { type: 'conv2d', filters: 8, kernelSize: 3 } as const;
  const inputs = leastInputs > 1 && { inputs: ['conv2d', 'conv2d'] };
  for (const before of [[conv], [conv, { type: 'flatten' }]] as LayerConfig[][]) {
    try {
      const layers = [...before, { ...starter, ...inputs } as LayerConfig];
      const { weights } = compileModel({ inputShape: [8, 8, 3], layers }).layers.at(-1)!;
      const names = weights.map(({ name, trainable }) => `\`${name}\`${trainable ? '' : ' (moved by the layer)'}`);
      return names.length > 0 ? `\n  Tensors: ${names.join(', ')}.` : '';
    } catch {
      // The layer takes no images, so it is placed after a flatten.
    }
  }
  throw new Error(`${starter.type} fits neither images nor vectors`);
}

function layersText(): string {
  const comments = commentsIn('src/model/layers', 'Layer');
  const { layers } = describeModels();
  return layers
    .map(({ type, options, starter, leastInputs }) => {
      const comment = comments.get(type);
      if (!comment) throw new Error(`src/model/layers: the definition of ${type} has no comment above it`);
      const schema = layerDefinitions[type as keyof typeof layerDefinitions].schema as unknown as Schema;
      return `- **\`${type}\`**: ${comment}\n  Options: ${optionsText(schema, options)}.${tensorsText(starter, leastInputs)}`;
    })
    .join('\n');
}

function initializersText(): string {
  try {
    fillInitializer('', '');
  } catch (error) {
    const [, names] = /^one of (.*)$/.exec((error as ConfigurationError).parts.expected!)!;
    return `${names!
      .split(', ')
      .map((name) => `\`${name}\``)
      .join(', ')}.`;
  }
  throw new Error('an initializer without a name was accepted');
}

function optimizersText(): string {
  const comments = commentsIn('src/model/optimizers', 'Optimizer');
  return describeModels()
    .optimizers.map(({ type, options }) => {
      const schema = optimizerDefinitions[type as keyof typeof optimizerDefinitions].schema as unknown as Schema;
      return `- **\`${type}\`**: ${comments.get(type)}\n  Options: ${optionsText(schema, options)}.`;
    })
    .join('\n');
}

function schedulesText(): string {
  const comments = commentsIn('src/model/schedules', 'Schedule');
  return Object.entries(scheduleDefinitions)
    .map(([type, definition]) => {
      const schema = definition.schema as unknown as Schema;
      const options = describeOptions(definition.schema as never);
      return `- **\`${type}\`**: ${comments.get(type)}\n  Options: ${optionsText(schema, options)}.`;
    })
    .join('\n');
}

// Run with -u after a change of a definition: npx vitest run --project node test/model/documentation.node.test.ts -u.
test('docs/models.md has every layer and optimizer as their definitions have them', async () => {
  const sections: Record<string, string> = {
    layers: layersText(),
    initializers: initializersText(),
    optimizers: optimizersText(),
    schedules: schedulesText(),
  };
  const text = read('docs/models.md').replace(
    /(<!-- (\w+): from the definitions -->\n)(?:[\s\S]*?\n)??(<!-- end -->)/g,
    (_, begin: string, section: string, end: string) => `${begin}${sections[section]}\n${end}`,
  );
  for (const section of Object.values(sections)) expect(text).toContain(section);
  await expect(text).toMatchFileSnapshot(join(root, 'docs/models.md'));
});

test('README and docs/models.md name every layer, activation and preset', () => {
  const missing = (text: string, names: readonly string[]) =>
    names.filter((name) => !new RegExp(`\\b${name}\\b`).test(text));
  const readme = read('README.md');
  const types = describeModels().layers.map(({ type }) => type);
  expect(missing(readme, [...types, ...presetNames.filter((name) => /net|vgg|plain|norm/.test(name))])).toEqual([]);
  expect(missing(read('docs/models.md'), [...activationNames, ...presetNames])).toEqual([]);
});

test('links between pages of documentation lead to pages and headings that exist', () => {
  const pages = ['README.md', 'CONTRIBUTING.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)];
  // GitHub's rule for the anchor of a heading.
  const addressOf = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/ /g, '-');
  const headings = (page: string) =>
    [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => addressOf(heading as string));
  const broken = pages
    .filter((page) => page.endsWith('.md'))
    .flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)/g)]
        .filter(([, path, heading]) => {
          const target = path === '' ? page : join(dirname(page), path as string);
          return !existsSync(join(root, target)) || (heading !== '' && !headings(target).includes(heading as string));
        })
        .map(([link]) => `${page}: ${link}`),
    );
  expect(broken).toEqual([]);
});
