declare module 'wgsl-preprocessor/wgsl-preprocessor.js' {
  /** Template literal tag: fills holes and resolves `#if ${flag}`, `#elif`, `#else`, `#endif`. */
  export function wgsl(strings: TemplateStringsArray, ...values: unknown[]): string;
}
