import type { HealthRecord } from './health.ts';
import type { StepRecord } from './history.ts';

/** The figures of a layer that are kept for each step, out of kilobytes of measurements. */
export interface LayerFigures {
  /** RMS of the weights' change over the RMS of the weights. */
  updateRatio: number;
  /** Undefined for the last layer. */
  transport?: number;
  /** Relative gradient: RMS of the layer's delta over the last layer's. */
  reach: number;
  /** Fraction of units that have not been positive since the epoch began, 0 to 1. */
  dead: number;
  /** Fraction of the outputs that are exactly zero, 0 to 1. Missing in older files. */
  zeros?: number;
  /** Fraction of the outputs at which a tanh or sigmoid saturates, 0 to 1. Missing in older files. */
  saturated?: number;
}

/** Layer figures over the steps of a run, thinned out to a bounded size. */
export interface HealthTable {
  /** Steps that have a row, in order: all steps of a short run, every second, fourth ... of a longer one. */
  steps: number[];
  /** For each layer name, one column per figure with one value per row. */
  layers: Record<string, Columns>;
}

type Column = (number | null)[];
/** One list of values per figure of a layer. */
export type Columns = { [Figure in 'updateRatio' | 'transport' | 'reach' | 'dead']: Column } & {
  /** Missing in older files. */
  zeros?: Column;
  /** Missing in older files. */
  saturated?: Column;
};

export const mostHealthRows = 4096;

/** Figures by layer name, in the model's order; undefined if health is off. */
export function layerFigures(health: HealthRecord | undefined): Record<string, LayerFigures> | undefined {
  if (!health) return undefined;
  const layers = Object.entries(health.layers);
  const last = layers.at(-1)![1];
  return Object.fromEntries(
    layers.map(([name, { updateRatio, transport, deltaRms, dead, units, activation }]) => [
      name,
      {
        updateRatio,
        ...(transport !== undefined && { transport }),
        reach: deltaRms / last.deltaRms,
        dead: dead / units,
        zeros: activation.zeros,
        saturated: activation.saturated,
      },
    ]),
  );
}

/** Fills a table during training. */
export class HealthRows {
  readonly table: HealthTable = { steps: [], layers: {} };
  private span = 1;

  /** @param step from 1, in order. */
  add(step: number, figures: Readonly<Record<string, LayerFigures>> | undefined): void {
    if (!figures) return;
    const { steps, layers } = this.table;
    // Once may not suffice, because all rows of a previously thinned table are kept.
    while (steps.length >= mostHealthRows) this.halve();
    if ((step - 1) % this.span) return;
    const row = steps.push(step) - 1;
    for (const [name, { updateRatio, transport, reach, dead, zeros, saturated }] of Object.entries(figures)) {
      layers[name] ??= { updateRatio: [], transport: [], reach: [], dead: [], zeros: [], saturated: [] };
      const columns = layers[name];
      columns.updateRatio[row] = updateRatio;
      columns.transport[row] = transport ?? null;
      columns.reach[row] = reach;
      columns.dead[row] = dead;
      columns.zeros![row] = zeros ?? null;
      columns.saturated![row] = saturated ?? null;
    }
  }

  /** Keeps every other step. */
  private halve(): void {
    this.span *= 2;
    const { steps, layers } = this.table;
    const stays = steps.map((step) => (step - 1) % this.span === 0);
    for (const column of [steps, ...Object.values(layers).flatMap((columns) => Object.values(columns))]) {
      column.splice(0, column.length, ...column.filter((_, row) => stays[row]));
    }
  }
}

/**
 * Builds the table of a run whose steps include their health.
 *
 * @param before table of earlier steps that were loaded from a file without their health.
 */
export function healthTable(steps: readonly StepRecord[], before?: HealthTable): HealthTable | undefined {
  const rows = new HealthRows();
  const read = healthReader(before);
  for (const { step, health } of steps) rows.add(step, layerFigures(health) ?? read(step));
  return rows.table.steps.length ? rows.table : undefined;
}

/** Reads a table in the order of its steps: returns the figures of each step that has any. */
export function healthReader(
  table: HealthTable | undefined,
): (step: number) => Record<string, LayerFigures> | undefined {
  let row = 0;
  return (step) => {
    if (!table) return undefined;
    while (row < table.steps.length && table.steps[row]! < step) row++;
    if (table.steps[row] !== step) return undefined;
    return Object.fromEntries(
      Object.entries(table.layers).map(([name, { updateRatio, transport, reach, dead, zeros, saturated }]) => [
        name,
        {
          updateRatio: updateRatio[row]!,
          ...(transport[row] !== null && { transport: transport[row]! }),
          reach: reach[row]!,
          dead: dead[row]!,
          zeros: zeros?.[row] ?? undefined,
          saturated: saturated?.[row] ?? undefined,
        },
      ]),
    );
  };
}
