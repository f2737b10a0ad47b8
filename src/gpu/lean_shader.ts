/** A shorter text of the same shader, with the same tokens. Lines with `#if` and `%for` are unchanged. */
export const leanShader = (source: string): string =>
  source
    .split('\n')
    .map((line) => line.replace(/\/\/.*$/, '').trim())
    .filter((line) => line !== '')
    .map((line) => `${/^[#%]/.test(line) ? line : tightened(line)}\n`)
    .join('');

/** Removes the spaces around punctuation, except between two operators that could form another operator. */
const tightened = (line: string) =>
  line
    .replace(/(?<=[\w)\]}]) ([-+*/%<>=!&|^]{1,3}) (?=[\w($.])/g, '$1')
    .replace(/ ?([=,:;(){}]) ?/g, (punctuation, sign: string, at: number, all: string) =>
      isOperator(all[at - 1]) || isOperator(all[at + punctuation.length]) ? punctuation : sign,
    );

const isOperator = (sign: string | undefined) => sign !== undefined && '-+*/%<>=!&|^$'.includes(sign);
