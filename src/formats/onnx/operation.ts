import { type Constant, isConstant, Unsupported } from './constant.ts';
import type { NetworkBuilder } from './network_builder.ts';
import { settled } from './pointwise.ts';
import type { ReadNode } from './read_file.ts';
import type { Value } from './value.ts';

export type Operand = Value | Constant;

/** A node whose inputs are known; the operators' readers take it as their argument. */
export class Operation {
  constructor(
    readonly node: ReadNode,
    readonly operands: readonly (Operand | undefined)[],
    readonly builder: NetworkBuilder,
    readonly opset: number,
    /** The batch size if the file fixes it. */
    readonly batch: number,
  ) {}

  /** An input that depends on the images, as the output of a layer. */
  value(i: number): Value {
    return settled(this.builder, this.pending(i));
  }

  /** Like `value`, but the input may be a function that no layer computes yet. */
  pending(i: number): Value {
    const operand = this.operands[i];
    if (!operand) throw new Unsupported(`without its input ${i + 1}`);
    if (isConstant(operand)) throw new Unsupported(`with a constant as its input ${i + 1}`);
    return operand;
  }

  constant(i: number): Constant {
    const constant = this.optional(i);
    if (!constant) throw new Unsupported(`without its input ${i + 1}`);
    return constant;
  }

  optional(i: number): Constant | undefined {
    const operand = this.operands[i];
    if (operand && !isConstant(operand)) throw new Unsupported(`its input ${i + 1} is computed and not a constant`);
    return operand;
  }

  /** A list of integers: an input in newer opsets, an attribute in older ones. */
  list(i: number, attribute: string): number[] | undefined {
    const constant = this.optional(i);
    return constant ? [...constant.data] : this.node.attributes.get(attribute)?.integers;
  }

  integer(name: string, unless: number): number {
    return this.node.attributes.get(name)?.integer ?? unless;
  }

  number(name: string, unless: number): number {
    return this.node.attributes.get(name)?.number ?? unless;
  }

  text(name: string, unless: string): string {
    return this.node.attributes.get(name)?.text ?? unless;
  }

  integers(name: string, unless: readonly number[]): readonly number[] {
    const found = this.node.attributes.get(name)?.integers;
    return found && found.length > 0 ? found : unless;
  }
}

/** Converts an operator, and returns its output, or a list if there are several. */
export type Reader = (operation: Operation) => Operand | Operand[];

export const floats = (data: ArrayLike<number>): Float32Array => new Float32Array(data);
