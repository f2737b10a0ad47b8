import { existsSync, type FSWatcher, readdirSync, readFileSync, watch } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ConfigurationError, WgradError } from '../errors.ts';
import { counted, figure } from '../figures.ts';
import { variantText } from '../gpu/variants.ts';
import { changeText, checkedText, wrongText } from '../selftest/change_text.ts';
import type { ChangeReport } from '../selftest/changed_shader.ts';
import type { ShaderTexts } from '../selftest/edited_kernels.ts';
import { Interrupts } from './interrupts.ts';
import { plannedRun } from './plan.ts';
import type { ProfileCommandOptions } from './profile.ts';
import { choiceOf, sessionOf } from './profile_kernel.ts';
import { Session } from './session.ts';
import { table } from './tables.ts';
import { adapterLine } from './training_report.ts';
import { shapeText } from './tune.ts';

const shadersOfClone = fileURLToPath(new URL('../../shaders', import.meta.url));

/** Milliseconds for which a file must stay unchanged, because an editor may write it in several steps. */
const settled = 100;

/** `wgrad profile --watch`: runs until Ctrl-C. */
export async function profileWatch(options: ProfileCommandOptions): Promise<void> {
  const folder = resolve(options.shaders ?? shadersOfClone);
  const built = readShaders(shadersOfClone);
  const shaders = readShaders(folder);
  const { trainer, dataset } = await plannedRun(options);
  const choice = choiceOf(options);
  let session: Session | undefined;
  const interrupts = new Interrupts(async () => session?.close());
  const ended = new Promise<'ended'>((resolve) => {
    interrupts.stop = () => resolve('ended');
  });
  let woken = () => {};
  let watchers: FSWatcher[] = [];
  /**
   * Each folder is watched separately: on Linux, Node's recursive watch loses files that an editor replaces. Folders may be added, or
   * replaced by others of the same name.
   */
  const watchFolders = () => {
    for (const watcher of watchers) watcher.close();
    watchers = foldersIn(folder).map((each) => watch(each, () => woken()).on('error', () => woken()));
  };
  try {
    const open = async () => {
      session = await Session.open(sessionOf(options));
      return session;
    };
    console.log(adapterLine((await open()).adapter));
    // The choice is checked before the first change.
    const order = { built, choice, network: { trainer, dataset }, rounds: options.steps };
    await session!.call('changedShader', { ...order, before: {}, now: {}, changed: [] });
    let good = editsOf(built, shaders);
    let last = shaders;
    console.log(`watching ${folder}: ${counted(Object.keys(shaders).length, 'shader')}. Ctrl-C ends it.`);
    for (;;) {
      const change = new Promise<'changed'>((resolve) => {
        woken = () => resolve('changed');
      });
      // Before the files are read, because a new folder may already contain some.
      watchFolders();
      // Changes that were saved during the last check have not been reported.
      let files = readShaders(folder);
      if (pathsOf(last, files).length === 0) {
        if ((await Promise.race([change, ended])) === 'ended') return;
        files = readShaders(folder);
        if (pathsOf(last, files).length === 0) continue;
      }
      for (let earlier: ShaderTexts | undefined; !earlier || pathsOf(earlier, files).length > 0; ) {
        earlier = files;
        await setTimeout(settled);
        files = readShaders(folder);
      }
      const removed = pathsOf(last, files).filter((path) => !(path in files));
      last = files;
      const now = editsOf(built, files);
      const changed = pathsOf(good, now).filter((path) => path in built || path in now);
      if (removed.length > 0) console.log(`\n${removedText(removed, built)}`);
      else if (changed.length === 0) console.log('\nevery shader is again in its last correct version');
      if (changed.length === 0) continue;
      console.log(`\n${changed.join(', ')}`);
      const checking = (session ?? (await open())).call('changedShader', { ...order, before: good, now, changed });
      checking.catch(() => undefined); // Ctrl-C abandons it
      try {
        const report = await Promise.race([checking, ended]);
        if (report === 'ended') return;
        for (const line of reportLines(report)) console.log(line);
        if (!report.doesNotCompile && report.wrong.length === 0) good = now;
      } catch (error) {
        if (!(error instanceof WgradError)) throw error;
        console.log(`failed   ${error.message}`);
        // A shader can crash its device or all of Chrome, so the next change gets new ones.
        await session?.close();
        session = undefined;
      }
    }
  } finally {
    for (const watcher of watchers) watcher.close();
    interrupts.dispose();
    await session?.close();
  }
}

/** The shaders of a folder and its subfolders. @throws ConfigurationError if there are none, as in the package. */
function readShaders(folder: string): ShaderTexts {
  const paths = existsSync(folder) ? (readdirSync(folder, { recursive: true }) as string[]) : [];
  const shaders = paths.filter((path) => path.endsWith('.wgsl'));
  if (shaders.length > 0) {
    return Object.fromEntries(
      shaders.flatMap((path) => {
        const text = textOf(join(folder, path));
        return text === undefined ? [] : [[path.split(sep).join('/'), text]];
      }),
    );
  }
  throw new ConfigurationError({
    what: '--watch needs the shader files in a clone of wgrad; the package does not contain them',
    found: `${folder}, which has no .wgsl file`,
    expected: 'the folder shaders of a clone',
    fix: 'clone the repository and run there: npm install && npm run profile -- --watch',
  });
}

/** undefined for a file that an editor is replacing: deleted, or still empty. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8') || undefined;
  } catch {
    return undefined;
  }
}

/** A folder and its subfolders. */
const foldersIn = (folder: string): string[] => [
  folder,
  ...readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name)),
];

/** The shaders that differ from those that wgrad was built from, and new ones. A deleted one keeps its built text. */
const editsOf = (built: ShaderTexts, now: ShaderTexts): ShaderTexts =>
  Object.fromEntries(Object.entries(now).filter(([path, text]) => text !== built[path]));

const removedText = (removed: readonly string[], built: ShaderTexts): string => {
  const text = `${removed.join(', ')}: deleted or empty`;
  return removed.some((path) => path in built) ? `${text}, so its kernels are as wgrad was built` : text;
};

const pathsOf = (a: ShaderTexts, b: ShaderTexts): string[] =>
  Object.keys({ ...a, ...b }).filter((path) => a[path] !== b[path]);

/** The results of a shader change, for the terminal. */
export function* reportLines(report: ChangeReport): Generator<string> {
  const { doesNotCompile, checks, wrong, times, unknown } = report;
  if (unknown.length > 0) {
    yield `unknown  no kernel includes ${unknown.join(' or ')}: import ${unknown.length === 1 ? 'it' : 'them'} in a launch in src/kernels, then start wgrad again`;
  }
  if (unknown.length > 0 && checks === 0 && times.length === 0) return;
  if (doesNotCompile) yield `broken   ${doesNotCompile}`;
  else if (wrong.length > 0) yield `wrong    ${wrongText(report).join('\n         ')}`;
  else {
    yield `checked  ${checks > 0 ? checkedText(report) : 'nothing: no check uses this file'}`;
    if (times.length > 0) yield timesTable(times);
    else yield 'timed    nothing: this network does not launch these kernels; use --kernel or another --model';
  }
}

function timesTable(times: ChangeReport['times']): string {
  const rows = times.map((time) => [
    [time.kernel, ...time.layers].join(' '),
    shapeText(time.shape),
    variantText(time.variant),
    figure(time.before),
    figure(time.now),
    figure(time.beforeSpread + time.nowSpread),
    changeText(time),
  ]);
  return table(['kernel', 'shape', 'variant', 'before, us', 'now, us', 'both spreads', 'change'], rows, 3);
}
