import { appliedPurpose, type Draw, isRecorded, type Need, type PlacedOp, pairSteps } from '../op.ts';
import type { Pass, PlacedMap } from '../passes.ts';
import { legsOf } from '../plan_passes.ts';
import { listed, literal } from './augment_text.ts';

/**
 * Generates the lines of augment_draw.wgsl and augment_pixels.wgsl that depend on the pipeline: calls of the ops' WGSL functions
 * with their arguments.
 */

const size = ({ height, width }: { height: number; width: number }) => `vec2f(${width}.0, ${height}.0)`;
const purposeOf = (op: PlacedOp, index: number) => `${op.purpose + index}u`;

/** WGSL expression for the sampled value of an op's field. */
function fieldText(op: PlacedOp, name: string): string {
  const index = op.fields.findIndex((field) => field.name === name);
  if (index < 0) throw new Error(`${op.type} has no field ${name}`);
  return `drawn(record + ${op.at + 1 + index}u)`;
}

/** Samples every op's words: whether it is applied, then its fields, or the values that leave the image unchanged. */
export function drawLines(ops: readonly PlacedOp[]): string {
  return ops
    .filter(isRecorded)
    .flatMap((op) => {
      const at = `record + ${op.at}u`;
      const chance = op.p < 1 ? ` && unit(key, ${purposeOf(op, appliedPurpose)}) < ${literal(op.p)}` : '';
      const lines = [`  // ${op.type}`, '  {', `    let applied = augmented${chance};`];
      lines.push(`    keep(${at}, select(0.0, 1.0, applied));`);
      op.fields.forEach((field, i) => {
        const { identity = 0, draw } = field;
        const drawn = draw && `, ${drawText(draw, purposeOf(op, i), op)}, applied`;
        lines.push(
          `    keep(${at} + ${i + 1}u, ${drawn ? `select(${literal(identity)}${drawn})` : literal(identity)});`,
        );
      });
      if (op.draw) {
        const { call, args = [] } = op.draw;
        const all = listed('key', purposeOf(op, op.fields.length), at, size(op.from), size(op.to), ...args);
        lines.push(`    if (applied) { ${call}(${all}); }`);
      }
      return [...lines, '  }'];
    })
    .join('\n');
}

function drawText(draw: Draw, purpose: string, op: PlacedOp): string {
  switch (draw.from) {
    case 'uniform':
      return `between(key, ${purpose}, ${listed(draw.low, draw.high)})`;
    case 'signed':
      return `either_sign(key, ${purpose}, ${listed(draw.low, draw.high)})`;
    case 'rounded':
      return `round(between(key, ${purpose}, ${listed(draw.low, draw.high)}))`;
    case 'integer':
      return `whole(key, ${purpose}, ${listed(draw.low, draw.high)})`;
    case 'logUniform':
      return `exp(between(key, ${purpose}, ${listed(Math.log(draw.low), Math.log(draw.high))}))`;
    case 'chance':
      return `chance(key, ${purpose}, ${literal(draw.p)})`;
    case 'choice':
    case 'signedChoice': {
      const { length } = draw.values;
      const sign = draw.from === 'choice' ? '' : ` * sign_of(key, ${purpose})`;
      const index = `u32(whole(key, ${purpose}, 0.0, ${length - 1}.0))`;
      return `array<f32, ${length}>(${listed(...draw.values)})[${index}]${sign}`;
    }
    case 'choiceBy': {
      const values = draw.values.flat();
      let first = 0;
      const lists = draw.values.map(({ length }) => {
        first += length;
        return `vec2f(${listed(first - length, length)})`;
      });
      const list = `array<vec2f, ${lists.length}>(${lists.join(', ')})[u32(${fieldText(op, draw.field)})]`;
      return `array<f32, ${values.length}>(${listed(...values)})[one_of(key, ${purpose}, ${list})]`;
    }
    case 'beta':
      return `beta(key, ${purpose}, ${literal(draw.alpha)})`;
    case 'constant':
      return literal(draw.value);
  }
}

/** Offset of each pass' legs among a slot's vec4s, and the number of vec4s per slot. */
export function layMaps(passes: readonly Pass[]): { at: number[][]; stride: number } {
  let stride = 0;
  const at = passes.map((pass) =>
    legsOf(pass).map((leg) => {
      const begin = stride;
      stride += leg.window ? 1 : isProjective(pass) ? 3 : 2;
      return begin;
    }),
  );
  return { at, stride };
}

export const isProjective = (pass: Pass): boolean => pass.maps.some(({ step }) => step.projective);

/** Stores the legs of each pass: the product of a leg's matrices, or its window. */
export function mapLines(passes: readonly Pass[]): string {
  const { at, stride } = layMaps(passes);
  return passes
    .flatMap((pass, i) =>
      legsOf(pass).flatMap(({ maps, window }, j) => {
        const place = `slot * ${stride}u + ${at[i]![j]}u`;
        if (window) return `  maps[${place}] = ${mapCall(maps[0]!)};`;
        const name = `map_${i}_${j}`;
        const lines = maps.map((map) => {
          const { op, step } = map;
          const line = `${name} = ${name} * ${step.window ? `window_map(${mapCall(map)})` : mapCall(map)};`;
          // A step that changes the image size applies to every image.
          return step.to ? `  ${line}` : `  if (drawn(record + ${op.at}u) != 0.0) { ${line} }`;
        });
        const store = isProjective(pass) ? 'store_projective_map' : 'store_map';
        return [`  var ${name} = identity_map();`, ...lines, `  ${store}(${place}, ${name});`];
      }),
    )
    .join('\n');
}

const mapCall = ({ op, step, from, to }: PlacedMap) =>
  `${step.call}(${listed(`record + ${op.at}u`, size(from), size(to), ...(step.args ?? []))})`;

/** Traces a pixel of y through the legs of a pass, from the last to the first. */
export function locateLines(pass: Pass, places: readonly number[]): string {
  return legsOf(pass)
    .flatMap(({ maps, window, folded }, i) => {
      const place = `${places[i]}u`;
      if (!window) return `  at = through(at, ${place});`;
      const seen = size(maps[0]!.to);
      return [
        `  at = into_window(at, own_maps[${place}], ${seen});`,
        ...(folded ? [`  at = fold_all(at, ${seen});`] : []),
      ];
    })
    .reverse()
    .join('\n');
}

/** WGSL condition for the images whose statistics a pass needs; undefined if it needs them for all. */
export function needText(pass: Pass, of: Need['of']): string | undefined {
  const conditions = [...(pass.filter ? [pass.filter] : []), ...pass.pixels].flatMap(({ op, step }) =>
    (step.needs ?? [])
      .filter((need) => need.of === of)
      .map(({ where }) => {
        if (step.kind === 'pixel' && step.always) return undefined;
        const applied = `drawn(record + ${op.at}u) != 0.0`;
        if (!where) return applied;
        const isOne = where.isOneOf.map((value) => `${fieldText(op, where.field)} == ${literal(value)}`);
        return `${applied} && (${isOne.join(' || ')})`;
      }),
  );
  return conditions.includes(undefined) ? undefined : conditions.join(' || ');
}

/** The steps that mix an image with its partner, and the fraction of the image that they leave. */
export function mixLines(ops: readonly PlacedOp[]): { pixels: string; shares: string } {
  const lines = (text: (call: string, at: string) => string) =>
    pairSteps(ops)
      .map(({ op, step }) => `    if (drawn(record + ${op.at}u) != 0.0) { ${text(step.call, `record + ${op.at}u`)} }`)
      .join('\n');
  return {
    pixels: lines((call, at) => `value = ${call}(value, other, ${at}, pixel);`),
    shares: lines((call, at) => `share = ${call}_share(share, ${at}, size);`),
  };
}
