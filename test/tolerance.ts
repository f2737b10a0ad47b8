// The self-test on a user's GPU allows what the tests allow.
export { boundOf, type Tolerance, tolerances, unitRoundoff } from '../src/selftest/tolerance.ts';
