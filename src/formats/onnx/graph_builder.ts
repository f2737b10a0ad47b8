import { bytesOf } from '../trained_model.ts';
import type { Attribute, Initializer, OnnxNode } from './protobuf.ts';

/** Collects the nodes and constants of a graph. A value is referenced by the name of the node that computes it. */
export class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: Initializer[] = [];
  private readonly names = new Set<string>();

  /** Adds a node with one output. Its name consists of the layer's and the operator's. */
  node(
    layer: string,
    operator: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute> = {},
    output?: string,
  ): string {
    const name = this.unique(`${layer}/${operator}`);
    const outputs = [output ?? name];
    this.nodes.push({ operator, name, inputs, outputs, attributes });
    return outputs[0]!;
  }

  floats(name: string, shape: readonly number[], data: Float32Array): string {
    return this.add({ name: this.unique(name), type: 'float', shape, bytes: bytesOf(data) });
  }

  scalar(name: string, value: number): string {
    return this.floats(name, [], Float32Array.of(value));
  }

  /** Adds a list of integers: shapes, axes, paddings. */
  integers(name: string, values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.add({ name: this.unique(name), type: 'int64', shape: [values.length], bytes: bytesOf(data) });
  }

  /** Returns an unused name. The names of the graph's input and output are reserved. */
  unique(name: string): string {
    let free = name;
    for (let i = 1; this.names.has(free); i++) free = `${name}_${i}`;
    this.names.add(free);
    return free;
  }

  private add(initializer: Initializer): string {
    this.initializers.push(initializer);
    return initializer.name;
  }
}
