/** The same shader, shorter: the compiler reads the same tokens. Lines of `#if` and of `%for` stay the same. */
export const leanShader = (source: string): string =>
  source
    .split('\n')
    .map((line) => line.replace(/\/\/.*$/, '').trim())
    .filter((line) => line !== '')
    .map((line) => `${/^[#%]/.test(line) ? line : tightened(line)}\n`)
    .join('');

/** A line without the spaces around punctuation, except between two operators, which together could be another one. */
const tightened = (line: string) =>
  line
    .replace(/(?<=[\w)\]}]) ([-+*/%<>=!&|^]{1,3}) (?=[\w($.])/g, '$1')
    .replace(/ ?([=,:;(){}]) ?/g, (punctuation, sign: string, at: number, all: string) =>
      isOperator(all[at - 1]) || isOperator(all[at + punctuation.length]) ? punctuation : sign,
    );

const isOperator = (sign: string | undefined) => sign !== undefined && '-+*/%<>=!&|^$'.includes(sign);
