import { dirname, resolve } from 'node:path';

/** What the bundler knows of a module; its code is JavaScript. */
interface ModuleGraph {
  getModuleInfo(id: string): { code: string | null; importedIds: string[]; dynamicallyImportedIds: string[] } | null;
}

/** `import { a as b } from './c.ts'`, and the same with `export`: its names, and the file. */
const named = /\b(import|export)\s*\{([^}]*)\}\s*from\s*["']([^"']+)["']/g;

/** The names that a statement asks a file for, and what it calls them. */
const namesIn = (list: string): [asked: string, called: string][] =>
  list
    .split(',')
    .map((part) => part.trim().split(/\s+as\s+/))
    .filter(([name]) => name)
    .map(([name, as]) => [name!, as ?? name!]);

/**
 * The modules that a module needs, those that it loads on demand with them if asked. What a file only hands on, as src/index.ts does,
 * is followed by name: whoever takes one thing from such a file doesn't need the rest.
 */
class Needs {
  readonly found = new Set<string>();

  constructor(
    private readonly graph: ModuleGraph,
    private readonly onDemand: boolean,
  ) {}

  add(id: string): this {
    if (this.found.has(id)) return this;
    this.found.add(id);
    const module = this.graph.getModuleInfo(id);
    if (!module) return this;
    const rest = new Set(module.importedIds);
    for (const [kind, names, file] of this.statements(id)) {
      rest.delete(file);
      if (kind === 'import') for (const [asked] of names) this.add(this.origin(file, asked));
    }
    for (const other of rest) this.add(other);
    if (this.onDemand) for (const other of module.dynamicallyImportedIds) this.addWhole(other);
    return this;
  }

  /** With what it hands on. */
  private addWhole(id: string): void {
    this.add(id);
    for (const [, names, file] of this.statements(id)) for (const [asked] of names) this.add(this.origin(file, asked));
  }

  /** The file that a name comes from which a file exports. */
  private origin(id: string, name: string): string {
    for (const [kind, names, file] of this.statements(id)) {
      const [asked] = names.find(([, called]) => kind === 'export' && called === name) ?? [];
      if (asked) return this.origin(file, asked);
    }
    return id;
  }

  /** Those that name what they take, from files of this project. */
  private statements(id: string): [kind: string, names: [asked: string, called: string][], file: string][] {
    const code = this.graph.getModuleInfo(id)?.code ?? '';
    return [...code.matchAll(named)]
      .filter(([, , , from]) => from!.startsWith('.'))
      .map(([, kind, names, from]) => [kind!, namesIn(names!), resolve(dirname(id), from!)]);
  }
}

/** The scripts that begin something, and the module that trains. */
interface Scripts {
  page: string;
  worker: string;
  session: string;
}

/**
 * The chunks of what page and worker both need, which have to be apart from the chunks of either, because these start something: `base`
 * is what the worker begins with, `definitions` what else the page begins with, `training` what else trains, `both` the rest.
 */
function sharedChunks({ page, worker, session }: Scripts) {
  let chunks: Map<string, string> | undefined;
  const chunkOf = (id: string, graph: ModuleGraph) => {
    if (!chunks) {
      const needs = (entry: string, onDemand = false) => new Needs(graph, onDemand).add(entry).found;
      const parts = Object.entries({ base: needs(worker), definitions: needs(page), training: needs(session) });
      const workerAll = needs(worker, true);
      const shared = [...needs(page, true)].filter((it) => workerAll.has(it));
      chunks = new Map(shared.map((it) => [it, parts.find(([, part]) => part.has(it))?.[0] ?? 'both']));
    }
    return chunks.get(id);
  };
  return ['base', 'definitions', 'training', 'both'].map((chunk, i) => ({
    name: (id: string, graph: ModuleGraph) => (chunkOf(id, graph) === chunk ? chunk : null),
    priority: 100 - i,
  }));
}

/**
 * A chunk for each of these modules, by the chunk's name, in their order, with all that it needs and no chunk before it has: in a few
 * large files there is more to compress than in many small ones that are fetched together.
 */
export const pageChunks = (scripts: Scripts, modules: Record<string, string>) => ({
  codeSplitting: {
    groups: [
      ...sharedChunks(scripts),
      ...Object.entries(modules).map(([name, path], i, { length }) => ({
        name,
        test: new RegExp(`/src/${path.replaceAll('.', '\\.')}$`),
        priority: length - i,
      })),
    ],
  },
});
