import { ConfigurationError, nearest, suggest } from '../errors.ts';
import type { Traits } from '../gpu/device.ts';
import type { Kernel, Variant } from '../gpu/kernel.ts';
import { isSameVariant, variantText } from '../gpu/variants.ts';
import type { TunableKernel } from '../plan/planner.ts';
import type { StepLaunch } from '../train/plan_training.ts';
import type { KernelCase } from './kernel_cases.ts';

/** Which kernel is timed, and in which shapes and variants: the flags of `wgrad profile --kernel`. */
export interface LaunchChoice {
  /** The name of a kernel. */
  kernel?: string;
  /** What differs from the shape that the kernel has otherwise. */
  shape?: Record<string, unknown>;
  /** The only variant: its numbers, or as `variantText` writes them. */
  variant?: string | Variant;
}

/** A kernel at a shape, in the variants that are compared. */
export interface ChosenLaunch extends TunableKernel {
  /** Whether the network launches this kernel, if at another shape. */
  isOfNetwork: boolean;
  layers: string[];
  variants: Variant[];
  /** The variant that the network runs it in. */
  used: Variant;
}

/**
 * The launches of a step that a choice names, with all variants of this adapter. A kernel that the step does not launch is taken in the
 * shape of its first check, changed as the choice says.
 *
 * @throws ConfigurationError for a kernel, a size or a variant that is not known, with the nearest one.
 */
export function chooseLaunches(
  step: readonly StepLaunch[],
  cases: readonly KernelCase[],
  { kernel: name, shape, variant }: LaunchChoice,
  traits: Traits,
): ChosenLaunch[] {
  const found = name === undefined ? [...step] : launchesOf(name, step, cases);
  const shaped = shape ? changedShapes(found, shape) : found;
  return shaped.map((launch) => {
    const variants = variantsOf(launch, traits);
    const { used = variants[0]! } = { used: variants.find((each) => isSameVariant(each, launch.variant)) };
    return {
      ...launch,
      used,
      isOfNetwork: step.some(({ kernel }) => kernel.name === launch.kernel.name),
      variants: variant === undefined ? variants : [namedVariant(launch, variants, variant)],
    };
  });
}

const variantsOf = ({ kernel, shape }: TunableKernel, traits: Traits): Variant[] => {
  const variants = kernel.variants?.(shape, traits) ?? [];
  return variants.length > 0 ? variants : [{}];
};

function launchesOf(name: string, step: readonly StepLaunch[], cases: readonly KernelCase[]): StepLaunch[] {
  const launched = step.filter(({ kernel }) => kernel.name === name);
  if (launched.length > 0) return launched;
  const check = cases.find(({ kernel }) => kernel.name === name);
  if (check) return [{ kernel: check.kernel, shape: check.shape, variant: {}, layers: [] }];
  const known = [...new Set([...step, ...cases].map(({ kernel }) => kernel.name))];
  throw new ConfigurationError({
    what: '--kernel names a kernel that does not exist',
    found: name,
    expected: `a kernel of this network: ${[...new Set(step.map(({ kernel }) => kernel.name))].join(', ')}; or another one of wgrad's`,
    fix: suggest(name, known),
  });
}

/** Each launch in the shape that is asked for; launches that have the same one then are one. */
function changedShapes(launches: readonly StepLaunch[], changes: Record<string, unknown>): StepLaunch[] {
  const changed = launches.map((launch) => ({ ...launch, shape: changedShape(launch, changes) }));
  const first = (at: number) =>
    changed.findIndex(({ shape }) => JSON.stringify(shape) === JSON.stringify(changed[at]!.shape));
  return changed.filter((_, i) => first(i) === i);
}

function changedShape({ kernel, shape }: TunableKernel, changes: Record<string, unknown>): object {
  const own = shape as Record<string, unknown>;
  for (const [size, value] of Object.entries(changes)) requireSize(kernel, own, size, value);
  return { ...own, ...changes };
}

/** @throws ConfigurationError for a size that the shape does not have, or a value of another kind than its own. */
function requireSize(kernel: Kernel<object>, own: Record<string, unknown>, size: string, value: unknown): void {
  const current = own[size];
  if (current === undefined) {
    throw new ConfigurationError({
      what: `--shape has a size that the shape of ${kernel.name} does not have`,
      found: size,
      expected: Object.keys(own).join(', '),
      fix: suggest(size, Object.keys(own)),
    });
  }
  const least = current === 0 || size.startsWith('pad') ? 0 : 1;
  const fits =
    typeof current === 'number' && Number.isInteger(current)
      ? Number.isSafeInteger(value) && (value as number) >= least
      : typeof value === typeof current && Array.isArray(value) === Array.isArray(current);
  if (fits) return;
  throw new ConfigurationError({
    what: `--shape has an invalid ${size} for ${kernel.name}`,
    found: value,
    expected:
      typeof current === 'number'
        ? `a whole number of at least ${least}`
        : `a value like ${JSON.stringify(current)}, which this network has`,
    fix: `correct it, or leave ${size} out to keep ${JSON.stringify(current)}`,
  });
}

function namedVariant({ kernel }: TunableKernel, variants: readonly Variant[], wanted: string | Variant): Variant {
  const words = (text: string) => text.replace(/\s+/g, ' ').trim();
  const found = variants.find((each) =>
    typeof wanted === 'string' ? words(variantText(each)) === words(wanted) : isSameVariant(each, wanted),
  );
  if (found) return found;
  const text = typeof wanted === 'string' ? wanted : variantText(wanted);
  const known = variants.map(variantText).filter((each) => each !== '');
  const near = nearest(text, known);
  throw new ConfigurationError({
    what: `--variant names a variant of ${kernel.name} that this adapter does not have`,
    found: text,
    expected: known.join('; or ') || `no variant: ${kernel.name} has one form`,
    fix: near ? `did you mean ${JSON.stringify(near)}?` : 'leave --variant out to time all of them',
  });
}
