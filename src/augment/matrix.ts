import { ConfigurationError, suggest } from '../errors.ts';

/** What is drawn for one image, under Keras' names. All of it left out is the identity. */
export interface SampleParameters {
  /** Degrees; above 0 the picture turns counter-clockwise. */
  theta: number;
  /** Pixels that the sampling point moves down: the height's shift. */
  tx: number;
  /** Pixels that it moves to the right: the width's shift. */
  ty: number;
  /** Degrees. */
  shear: number;
  /** Of the columns; below 1 magnifies. */
  zx: number;
  /** Of the rows. */
  zy: number;
  flipHorizontal: boolean;
  flipVertical: boolean;
}

export const identityParameters: SampleParameters = {
  theta: 0,
  tx: 0,
  ty: 0,
  shear: 0,
  zx: 1,
  zy: 1,
  flipHorizontal: false,
  flipVertical: false,
};

/** x_in = m[0] column + m[1] row + m[2];  y_in = m[3] column + m[4] row + m[5] */
export type Affine = [number, number, number, number, number, number];

/**
 * The map from a pixel of the output to where it is sampled: Keras' R T S Z about the centre, in closed form
 * (apply_affine_transform in keras/src/legacy/preprocessing/image.py), flips after the warp. `keras` keeps its two slips:
 * each centre is the other axis', and the height's shift moves along x.
 */
export function composeAffine(
  p: SampleParameters,
  height: number,
  width: number,
  compat: 'corrected' | 'keras',
): Affine {
  const [cosine, sine] = turn(p.theta);
  const [shearedCosine, shearedSine] = turn(p.theta + p.shear);
  const [alongX, alongY] = compat === 'keras' ? [p.tx, p.ty] : [p.ty, p.tx];
  const { x, y } = centre(height, width, compat);
  let [a, b, c] = [p.zx * cosine, -p.zy * shearedSine, 0];
  let [d, e, f] = [p.zx * sine, p.zy * shearedCosine, 0];
  c = x + alongX * cosine - alongY * sine - a * x - b * y;
  f = y + alongX * sine + alongY * cosine - d * x - e * y;
  if (p.flipHorizontal) [a, c, d, f] = [-a, c + a * (width - 1), -d, f + d * (width - 1)];
  if (p.flipVertical) [b, c, e, f] = [-b, c + b * (height - 1), -e, f + e * (height - 1)];
  return [a, b, c, d, e, f];
}

/** The point that a warp leaves where it is, when nothing shifts. */
export function centre(height: number, width: number, compat: 'corrected' | 'keras'): { x: number; y: number } {
  const [x, y] = [(width - 1) / 2, (height - 1) / 2];
  return compat === 'keras' ? { x: y, y: x } : { x, y };
}

/** Cosine and sine of degrees, exact at quarter turns. */
function turn(degrees: number): [number, number] {
  const quarters = Math.round(degrees / 90);
  const rest = ((degrees - 90 * quarters) * Math.PI) / 180;
  const [c, s] = [Math.cos(rest), Math.sin(rest)];
  return (
    [
      [c, s],
      [-s, c],
      [-c, -s],
      [s, -c],
    ] as [number, number][]
  )[((quarters % 4) + 4) % 4]!;
}

/** Fills what is left out with the identity. @throws ConfigurationError for an unknown name or a value of another kind. */
export function fillParameters(given: Partial<SampleParameters>, index: number): SampleParameters {
  const known = Object.keys(identityParameters);
  if (typeof given !== 'object' || given === null) {
    throw new ConfigurationError({
      what: `The parameters of image ${index} make no sense`,
      found: given,
      wanted: `an object with some of ${known.join(', ')}`,
    });
  }
  for (const [name, value] of Object.entries(given)) {
    if (!known.includes(name)) {
      throw new ConfigurationError({
        what: `The parameters of image ${index} have no ${name}`,
        found: name,
        wanted: known.join(', '),
        fix: suggest(name, known),
      });
    }
    const kind = typeof identityParameters[name as keyof SampleParameters];
    if (typeof value !== kind && !(kind === 'boolean' && (value === 0 || value === 1))) {
      throw new ConfigurationError({
        what: `${name} of image ${index} makes no sense`,
        found: value,
        wanted: `a ${kind}`,
      });
    }
    if (kind === 'number' && !Number.isFinite(value)) {
      throw new ConfigurationError({
        what: `${name} of image ${index} is not finite`,
        found: value,
        wanted: 'a number',
      });
    }
  }
  const filled = { ...identityParameters, ...given };
  return { ...filled, flipHorizontal: Boolean(filled.flipHorizontal), flipVertical: Boolean(filled.flipVertical) };
}
