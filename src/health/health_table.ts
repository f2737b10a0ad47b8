import type { HealthRecord } from './health.ts';
import type { StepRecord } from './history.ts';

/** The part of a layer's health in a step that is kept, of the kilobytes that are measured. */
export interface LayerFigures {
  /** RMS of a step's change over the RMS of the weights. */
  updateRatio: number;
  /** Undefined for the last layer. */
  transport?: number;
  /** RMS of its delta over the last layer's: what comes to it of the gradient. */
  reach: number;
  /** Share of units that were never positive since the epoch began, 0 to 1. */
  dead: number;
  /** Shares of its outputs that are exactly zero, and where a tanh or sigmoid is flat. Older files have none. */
  zeros?: number;
  /** Share of the units that are saturated, 0 to 1. */
  saturated?: number;
}

/** Layers' figures over the steps of a run, few enough to keep whatever its length. */
export interface HealthTable {
  /** The steps that have a row, in order: every step of a short run, every second, fourth ... of a longer one. */
  steps: number[];
  /** By the layer's name: a column a figure, a value for each row. */
  layers: Record<string, Columns>;
}

type Column = (number | null)[];
/** A list for each figure of a layer. */
export type Columns = { [Figure in 'updateRatio' | 'transport' | 'reach' | 'dead']: Column } & {
  /** Older files have none. */
  zeros?: Column;
  /** Older files have none. */
  saturated?: Column;
};

export const mostHealthRows = 4096;

/** By the layer's name, in the model's order; undefined where health was off. */
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

/** Fills a table while a run trains. */
export class HealthRows {
  readonly table: HealthTable = { steps: [], layers: {} };
  private span = 1;

  /** @param step from 1, in order. */
  add(step: number, figures: Readonly<Record<string, LayerFigures>> | undefined): void {
    if (!figures) return;
    const { steps, layers } = this.table;
    // Once is not enough where rows come from a table that was halved before, and all of them stay.
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

  /** Only every other step stays. */
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
 * The table of a run whose steps have their health.
 *
 * @param before of steps that come without it, from a file.
 */
export function healthTable(steps: readonly StepRecord[], before?: HealthTable): HealthTable | undefined {
  const rows = new HealthRows();
  const read = healthReader(before);
  for (const { step, health } of steps) rows.add(step, layerFigures(health) ?? read(step));
  return rows.table.steps.length ? rows.table : undefined;
}

/** Reads a table in the order of its steps: the figures of each of them that has some. */
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
