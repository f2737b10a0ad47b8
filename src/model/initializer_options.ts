/** Options of every initializer; the names and their meaning are Keras'. */
export interface InitializerOptions {
  /** What the numbers are multiplied by; 1 by default. (Keras' VarianceScaling scales the variance instead.) */
  scale?: number | undefined;
}

/** Options of `randomUniform`. */
export interface RandomUniformOptions extends InitializerOptions {
  /** The lower end; -0.05 by default. */
  minval?: number | undefined;
  /** The upper end, not below `minval`; 0.05 by default. */
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
  /** What the orthogonal matrix is multiplied by; 1 by default. */
  gain?: number | undefined;
}

/** Options of `constant`. */
export interface ConstantInitializerOptions extends InitializerOptions {
  /** The number that all weights begin with. */
  value: number;
}

/** The options of each initializer. A test compares them with the schemas, which check them. */
export interface InitializerOptionsByType {
  /** Uniform within sqrt(6 / (fan in + fan out)) of 0 (Glorot and Bengio 2010). */
  glorotUniform: InitializerOptions;
  /** Normal, cut off at two deviations, with a variance of 2 / (fan in + fan out). */
  glorotNormal: InitializerOptions;
  /** Uniform within sqrt(6 / fan in) of 0 (He et al. 2015): for relu. */
  heUniform: InitializerOptions;
  /** Normal, cut off at two deviations, with a variance of 2 / fan in: for relu. */
  heNormal: InitializerOptions;
  /** Uniform within sqrt(3 / fan in) of 0. */
  lecunUniform: InitializerOptions;
  /** Normal, cut off at two deviations, with a variance of 1 / fan in. */
  lecunNormal: InitializerOptions;
  /** Uniform between two numbers. */
  randomUniform: RandomUniformOptions;
  /** Normal. */
  randomNormal: RandomNormalOptions;
  /** Normal, drawn again beyond two deviations. */
  truncatedNormal: RandomNormalOptions;
  /** A random orthogonal matrix, for tensors of two axes or more (Saxe et al. 2014). */
  orthogonal: OrthogonalOptions;
  /** Zeros. */
  zeros: InitializerOptions;
  /** Ones. */
  ones: InitializerOptions;
  /** One number. */
  constant: ConstantInitializerOptions;
}
