import { dirname, resolve } from 'node:path';

/** The bundler's information about a module, whose code is JavaScript. */
interface ModuleGraph {
  getModuleInfo(id: string): { code: string | null; importedIds: string[]; dynamicallyImportedIds: string[] } | null;
}

/** Matches `import { a as b } from './c.ts'` and the same statement with `export`. The groups are the keyword, the names and the file. */
const named = /\b(import|export)\s*\{([^}]*)\}\s*from\s*["']([^"']+)["']/g;

/** The names that a statement imports from a file, and the names that it gives them. */
const namesIn = (list: string): [asked: string, called: string][] =>
  list
    .split(',')
    .map((part) => part.trim().split(/\s+as\s+/))
    .filter(([name]) => name)
    .map(([name, as]) => [name!, as ?? name!]);

/**
 * Collects the modules that a module needs, optionally including those that it loads on demand. Re-exports, such as those of src/index.ts,
 * are followed by name, because a module that imports one name from such a file does not need the others.
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

  /** Adds a module together with everything that it re-exports. */
  private addWhole(id: string): void {
    this.add(id);
    for (const [, names, file] of this.statements(id)) for (const [asked] of names) this.add(this.origin(file, asked));
  }

  /** The file in which an exported name originates. */
  private origin(id: string, name: string): string {
    for (const [kind, names, file] of this.statements(id)) {
      const [asked] = names.find(([, called]) => kind === 'export' && called === name) ?? [];
      if (asked) return this.origin(file, asked);
    }
    return id;
  }

  /** The statements that import or re-export names from files of this project. */
  private statements(id: string): [kind: string, names: [asked: string, called: string][], file: string][] {
    const code = this.graph.getModuleInfo(id)?.code ?? '';
    return [...code.matchAll(named)]
      .filter(([, , , from]) => from!.startsWith('.'))
      .map(([, kind, names, from]) => [kind!, namesIn(names!), resolve(dirname(id), from!)]);
  }
}

/** The entry scripts. */
interface Scripts {
  page: string;
  worker: string;
}

/**
 * The chunks that the page and the worker share. They must be separate from the chunks of either one, because those run code when they are
 * loaded. `base` is what the worker needs at its start, `definitions` what else the page needs at its start, and `both` the rest.
 */
function sharedChunks({ page, worker }: Scripts) {
  let chunks: Map<string, string> | undefined;
  const chunkOf = (id: string, graph: ModuleGraph) => {
    if (!chunks) {
      const needs = (entry: string, onDemand = false) => new Needs(graph, onDemand).add(entry).found;
      const parts = Object.entries({ base: needs(worker), definitions: needs(page) });
      const workerAll = needs(worker, true);
      const shared = [...needs(page, true)].filter((it) => workerAll.has(it));
      chunks = new Map(shared.map((it) => [it, parts.find(([, part]) => part.has(it))?.[0] ?? 'both']));
    }
    return chunks.get(id);
  };
  return ['base', 'definitions', 'both'].map((chunk, i) => ({
    name: (id: string, graph: ModuleGraph) => (chunkOf(id, graph) === chunk ? chunk : null),
    priority: 100 - i,
  }));
}

/**
 * Creates a chunk for each of these modules, named by its key. In this order, each chunk contains everything that its module needs and that
 * no earlier chunk contains. A few large files compress better than many small ones that are downloaded together.
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
