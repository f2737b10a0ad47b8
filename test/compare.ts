// The self-test on a user's GPU compares as the tests do.
export { expectSame, expectWithin } from '../src/selftest/compare.ts';
