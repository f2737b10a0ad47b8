import type { Kernel } from '../gpu/kernel.ts';
import { leanShader } from '../gpu/lean_shader.ts';

/** The text of shaders, by their paths in the folder: `lib/activate.wgsl`. */
export type ShaderTexts = Readonly<Record<string, string>>;

type Source = Kernel<object>['source'];

/** Kernels with the text of files that were edited after wgrad was built. */
export class EditedKernels {
  /** The text of each file as it is in the sources of the kernels: whole, or without comments where a build made it lean. */
  readonly #built: ReadonlyMap<string, readonly string[]>;

  /** @param built the shaders from which the running code was built. */
  constructor(built: ShaderTexts) {
    this.#built = new Map(Object.entries(built).map(([path, text]) => [path, [text, leanShader(text)]]));
  }

  /** Whether a kernel's text, for a shape and a variant, includes a file. */
  includes(kernel: Kernel<object>, shape: object, variant: object, path: string): boolean {
    const source = typeof kernel.source === 'function' ? kernel.source(shape, variant as never) : kernel.source;
    return this.#formIn(source, path) !== undefined;
  }

  /** The kernel with the text of other files in place of those that it was built from. */
  edited(kernel: Kernel<object>, edits: ShaderTexts): Kernel<object> {
    return withSource(kernel, (source) =>
      Object.entries(edits).reduce((text, [path, now]) => {
        const form = this.#formIn(text, path);
        return form === undefined ? text : text.split(form).join(now);
      }, source),
    );
  }

  /** The same with a comment after each line that tells its file and its number there, for `withPlaces`. */
  marked(kernel: Kernel<object>, edits: ShaderTexts): Kernel<object> {
    const marks = Object.fromEntries(
      [...this.#built].map(([path, [text]]) => [path, markLines(path, edits[path] ?? text!)]),
    );
    return this.edited(kernel, marks);
  }

  #formIn(source: string, path: string): string | undefined {
    return this.#built.get(path)?.find((form) => form.trim() !== '' && source.includes(form));
  }
}

const withSource = (kernel: Kernel<object>, change: (source: string) => string): Kernel<object> => {
  const { source } = kernel;
  const changed: Source =
    typeof source === 'function' ? (shape, variant) => change(source(shape, variant)) : change(source);
  return { ...kernel, source: changed };
};

/** Lines of the preprocessor and of loops have to end where they do. */
const markLines = (path: string, text: string): string =>
  text
    .split('\n')
    .map((line, i) => (/^\s*([#%]|$)/.test(line) ? line : `${line} //@${path}:${i + 1}`))
    .join('\n');

const mark = / \/\/@(\S+):(\d+)$/;

/** The messages about a shader of `marked`, with the file and the line of each in place of the line of the rendered text. */
export function withPlaces(messages: string): string {
  const lines = messages.split('\n');
  lines.forEach((line, i) => {
    if (!/^\s+\^\.?$/.test(line)) return;
    const place = mark.exec(lines[i - 1]!);
    const head = lines.slice(0, i).findLastIndex((each) => / \(line \d+\)$/.test(each));
    if (place && head >= 0) lines[head] = lines[head]!.replace(/line \d+\)$/, `${place[1]}, line ${place[2]})`);
  });
  return lines.map((line) => line.replace(mark, '')).join('\n');
}
