/** Options of every initializer; the names and their meaning are Keras'. */
export interface InitializerOptions {
  /** Factor for the initial values; 1 by default. (Keras' VarianceScaling scales the variance instead.) */
  scale?: number | undefined;
}

/** Options of `randomUniform`. */
export interface RandomUniformOptions extends InitializerOptions {
  /** Lower bound; -0.05 by default. */
  minval?: number | undefined;
  /** Upper bound, not below `minval`; 0.05 by default. */
  maxval?: number | undefined;
}

/** Options of `randomNormal` and `truncatedNormal`. */
export interface RandomNormalOptions extends InitializerOptions {
  /** The mean; 0 by default. */
  mean?: number | undefined;
  /** The standard deviation, >= 0; 0.05 by default. */
  stddev?: number | undefined;
}

/** Options of `orthogonal`. */
export interface OrthogonalOptions extends InitializerOptions {
  /** Factor for the orthogonal matrix; 1 by default. */
  gain?: number | undefined;
}

/** Options of `constant`. */
export interface ConstantInitializerOptions extends InitializerOptions {
  /** Initial value of all elements. */
  value: number;
}

/** The options of each initializer. A test compares them with the schemas that validate them. */
export interface InitializerOptionsByType {
  /** Uniform in +-sqrt(6 / (fan in + fan out)) (Glorot and Bengio 2010). */
  glorotUniform: InitializerOptions;
  /** Truncated normal with variance 2 / (fan in + fan out), cut off at two standard deviations. */
  glorotNormal: InitializerOptions;
  /** Uniform in +-sqrt(6 / fan in) (He et al. 2015); for relu. */
  heUniform: InitializerOptions;
  /** Truncated normal with variance 2 / fan in, cut off at two standard deviations; for relu. */
  heNormal: InitializerOptions;
  /** Uniform in +-sqrt(3 / fan in). */
  lecunUniform: InitializerOptions;
  /** Truncated normal with variance 1 / fan in, cut off at two standard deviations. */
  lecunNormal: InitializerOptions;
  /** Uniform between two bounds. */
  randomUniform: RandomUniformOptions;
  /** Normal. */
  randomNormal: RandomNormalOptions;
  /** Normal, redrawn beyond two standard deviations. */
  truncatedNormal: RandomNormalOptions;
  /** A random orthogonal matrix, for tensors of two or more axes (Saxe et al. 2014). */
  orthogonal: OrthogonalOptions;
  /** All zeros. */
  zeros: InitializerOptions;
  /** All ones. */
  ones: InitializerOptions;
  /** A single constant. */
  constant: ConstantInitializerOptions;
}
