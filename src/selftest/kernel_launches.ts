import { ConfigurationError, nearest, suggest } from '../errors.ts';
import type { Traits } from '../gpu/device.ts';
import type { Kernel, Variant } from '../gpu/kernel.ts';
import { isSameVariant, variantText } from '../gpu/variants.ts';
import type { TunableKernel } from '../plan/planner.ts';
import type { StepLaunch } from '../train/plan_training.ts';
import type { KernelCase } from './kernel_cases.ts';

/** Selects the kernel to time, and its shapes and variants: the flags of `wgrad profile --kernel`. */
export interface LaunchChoice {
  /** Name of a kernel. */
  kernel?: string;
  /** Sizes that replace those of the kernel's original shape. */
  shape?: Record<string, unknown>;
  /** The only variant to time: its parameters, or their text as `variantText` writes it. */
  variant?: string | Variant;
}

/** A kernel at a shape, with the variants to compare. */
export interface ChosenLaunch extends TunableKernel {
  /** Whether the network launches this kernel, possibly at another shape. */
  isOfNetwork: boolean;
  layers: string[];
  variants: Variant[];
  /** The variant that the network uses. */
  used: Variant;
}

/**
 * The launches of a step that match a choice, with all variants for this adapter. A kernel that the step does not launch takes the
 * shape of its first check, modified as the choice says.
 *
 * @throws ConfigurationError for an unknown kernel, size or variant, with the nearest known one.
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

/** Applies the requested shape to each launch, and merges launches that then have the same shape. */
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

/** @throws ConfigurationError if the shape does not have this size, or if the value has another type. */
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
