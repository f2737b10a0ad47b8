import type { Kernel } from '../gpu/kernel.ts';
import { leanShader } from '../gpu/lean_shader.ts';

/** Text of shaders by path relative to the shader folder: `lib/activate.wgsl`. */
export type ShaderTexts = Readonly<Record<string, string>>;

type Source = Kernel<object>['source'];

/** Substitutes the text of files that were edited after wgrad was built into its kernels. */
export class EditedKernels {
  /** Text of each file as it may appear in a kernel's source: unmodified, or without comments if the build stripped them. */
  readonly #built: ReadonlyMap<string, readonly string[]>;

  /** @param built the shaders from which the running code was built. */
  constructor(built: ShaderTexts) {
    this.#built = new Map(Object.entries(built).map(([path, text]) => [path, [text, leanShader(text)]]));
  }

  /** Whether the source of a kernel, for a shape and a variant, includes a file. */
  includes(kernel: Kernel<object>, shape: object, variant: object, path: string): boolean {
    const source = typeof kernel.source === 'function' ? kernel.source(shape, variant as never) : kernel.source;
    return this.#formIn(source, path) !== undefined;
  }

  /** The kernel with edited files substituted for those that it was built from. */
  edited(kernel: Kernel<object>, edits: ShaderTexts): Kernel<object> {
    return withSource(kernel, (source) =>
      Object.entries(edits).reduce((text, [path, now]) => {
        const form = this.#formIn(text, path);
        return form === undefined ? text : text.split(form).join(now);
      }, source),
    );
  }

  /** Like `edited`, with a comment after each line that states its file and line number, for `withPlaces`. */
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

/** No comment can follow on lines of the preprocessor and of loops. */
const markLines = (path: string, text: string): string =>
  text
    .split('\n')
    .map((line, i) => (/^\s*([#%]|$)/.test(line) ? line : `${line} //@${path}:${i + 1}`))
    .join('\n');

const mark = / \/\/@(\S+):(\d+)$/;

/** Replaces the line numbers in compiler messages for a `marked` shader with the original files and lines. */
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
