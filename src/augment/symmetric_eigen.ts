export interface Eigen {
  /** In ascending order. */
  values: Float64Array;
  /** [n, n]: row k is the unit eigenvector of the k-th value. */
  vectors: Float64Array;
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix: Householder reduction to tridiagonal form, then the QL algorithm with
 * implicit shifts, as in EISPACK's tred2 and tql2 (Bowdler, Martin, Reinsch, Wilkinson: Handbook for Automatic Computation II), in
 * the order of operations of JAMA, whose source is in the public domain. Takes O(n^3) time.
 *
 * @param matrix [n, n], row by row.
 */
export function symmetricEigen(matrix: Float64Array): Eigen {
  const n = Math.sqrt(matrix.length);
  // Both algorithms work on columns. They are stored as rows of the transpose, which are contiguous in memory; a symmetric matrix
  // equals its transpose.
  const rows = Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (_, j) => matrix[j * n + i]!));
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(n);
  tridiagonalize(rows, diagonal, beside);
  diagonalize(rows, diagonal, beside);
  const order = sortAscending(rows, diagonal);
  const vectors = new Float64Array(n * n);
  for (const [k, row] of order.entries()) vectors.set(row, k * n);
  return { values: diagonal, vectors };
}

/** tred2: leaves the diagonal in d, the subdiagonal in e from index 1, and the product of the reflections in v. */
function tridiagonalize(v: readonly Float64Array[], d: Float64Array, e: Float64Array): void {
  const n = d.length;
  for (let j = 0; j < n; j++) d[j] = v[j]![n - 1]!;
  for (let i = n - 1; i > 0; i--) {
    let scale = 0;
    for (let k = 0; k < i; k++) scale += Math.abs(d[k]!);
    d[i] = scale === 0 ? skipRow(v, d, e, i) : reflect(v, d, e, i, scale);
  }
  accumulate(v, d);
  e[0] = 0;
}

/** A row whose only nonzero off-diagonal element is the last needs no reflection. */
function skipRow(v: readonly Float64Array[], d: Float64Array, e: Float64Array, i: number): number {
  e[i] = d[i - 1]!;
  for (let j = 0; j < i; j++) {
    d[j] = v[j]![i - 1]!;
    v[j]![i] = 0;
    v[i]![j] = 0;
  }
  return 0;
}

/**
 * Reflects row i so that only its element next to the diagonal is nonzero. @returns half the squared length of the Householder
 * vector.
 */
function reflect(v: readonly Float64Array[], d: Float64Array, e: Float64Array, i: number, scale: number): number {
  let h = 0;
  for (let k = 0; k < i; k++) {
    d[k] = d[k]! / scale;
    h += d[k]! * d[k]!;
  }
  let f = d[i - 1]!;
  let g = Math.sqrt(h);
  if (f > 0) g = -g;
  e[i] = scale * g;
  h -= f * g;
  d[i - 1] = f - g;
  e.fill(0, 0, i);
  for (let j = 0; j < i; j++) {
    const row = v[j]!;
    f = d[j]!;
    v[i]![j] = f;
    g = e[j]! + row[j]! * f;
    for (let k = j + 1; k < i; k++) {
      g += row[k]! * d[k]!;
      e[k] = e[k]! + row[k]! * f;
    }
    e[j] = g;
  }
  f = 0;
  for (let j = 0; j < i; j++) {
    e[j] = e[j]! / h;
    f += e[j]! * d[j]!;
  }
  const half = f / (h + h);
  for (let j = 0; j < i; j++) e[j] = e[j]! - half * d[j]!;
  for (let j = 0; j < i; j++) {
    const row = v[j]!;
    f = d[j]!;
    g = e[j]!;
    for (let k = j; k < i; k++) row[k] = row[k]! - (f * e[k]! + g * d[k]!);
    d[j] = row[i - 1]!;
    row[i] = 0;
  }
  return h;
}

/** Accumulates the product of the reflections. */
function accumulate(v: readonly Float64Array[], d: Float64Array): void {
  const n = d.length;
  for (let i = 0; i < n - 1; i++) {
    v[i]![n - 1] = v[i]![i]!;
    v[i]![i] = 1;
    const h = d[i + 1]!;
    const next = v[i + 1]!;
    if (h !== 0) {
      for (let k = 0; k <= i; k++) d[k] = next[k]! / h;
      for (let j = 0; j <= i; j++) {
        const row = v[j]!;
        let g = 0;
        for (let k = 0; k <= i; k++) g += next[k]! * row[k]!;
        for (let k = 0; k <= i; k++) row[k] = row[k]! - g * d[k]!;
      }
    }
    next.fill(0, 0, i + 1);
  }
  for (let j = 0; j < n; j++) {
    d[j] = v[j]![n - 1]!;
    v[j]![n - 1] = 0;
  }
  v[n - 1]![n - 1] = 1;
}

/** tql2: leaves the unsorted eigenvalues in d, and their eigenvectors in the rows of v. */
function diagonalize(v: readonly Float64Array[], d: Float64Array, e: Float64Array): void {
  const n = d.length;
  e.copyWithin(0, 1);
  e[n - 1] = 0;
  let shift = 0;
  let largest = 0;
  for (let l = 0; l < n; l++) {
    largest = Math.max(largest, Math.abs(d[l]!) + Math.abs(e[l]!));
    const nothing = Number.EPSILON * largest;
    let m = l;
    while (m < n && Math.abs(e[m]!) > nothing) m++;
    if (m > l) {
      do shift += iterate(v, d, e, l, m);
      while (Math.abs(e[l]!) > nothing);
    }
    d[l] = d[l]! + shift;
    e[l] = 0;
  }
}

/** One implicit QL step on indices l to m. @returns the shift. */
function iterate(v: readonly Float64Array[], d: Float64Array, e: Float64Array, l: number, m: number): number {
  const n = d.length;
  const first = d[l]!;
  let p = (d[l + 1]! - first) / (2 * e[l]!);
  let r = hypotenuse(p, 1);
  if (p < 0) r = -r;
  d[l] = e[l]! / (p + r);
  d[l + 1] = e[l]! * (p + r);
  const second = d[l + 1]!;
  const shift = first - d[l]!;
  for (let i = l + 2; i < n; i++) d[i] = d[i]! - shift;
  p = d[m]!;
  const besideSecond = e[l + 1]!;
  let [c, c2, c3, s, s2] = [1, 1, 1, 0, 0];
  for (let i = m - 1; i >= l; i--) {
    c3 = c2;
    c2 = c;
    s2 = s;
    const g = c * e[i]!;
    const h = c * p;
    r = hypotenuse(p, e[i]!);
    e[i + 1] = s * r;
    s = e[i]! / r;
    c = p / r;
    p = c * d[i]! - s * g;
    d[i + 1] = h + s * (c * g + s * d[i]!);
    rotate(v[i]!, v[i + 1]!, c, s);
  }
  p = (-s * s2 * c3 * besideSecond * e[l]!) / second;
  e[l] = s * p;
  d[l] = c * p;
  return shift;
}

function rotate(a: Float64Array, b: Float64Array, c: number, s: number): void {
  for (let k = 0; k < a.length; k++) {
    const h = b[k]!;
    b[k] = s * a[k]! + c * h;
    a[k] = c * a[k]! - s * h;
  }
}

/** sqrt(a^2 + b^2) without overflow in the squares. */
function hypotenuse(a: number, b: number): number {
  const [larger, smaller] = Math.abs(a) > Math.abs(b) ? [a, b] : [b, a];
  if (larger === 0) return 0;
  const ratio = smaller / larger;
  return Math.abs(larger) * Math.sqrt(1 + ratio * ratio);
}

/** Selection sort of the values; @returns the vectors in the same order. */
function sortAscending(v: readonly Float64Array[], d: Float64Array): Float64Array[] {
  const rows = [...v];
  for (let i = 0; i < d.length - 1; i++) {
    let k = i;
    for (let j = i + 1; j < d.length; j++) if (d[j]! < d[k]!) k = j;
    [d[i], d[k]] = [d[k]!, d[i]!];
    [rows[i], rows[k]] = [rows[k]!, rows[i]!];
  }
  return rows;
}
