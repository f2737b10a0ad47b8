import { element } from '../ui/dom.ts';
import { percent, shortOrDash } from '../ui/numbers.ts';
import { swatch } from './line_style.ts';
import type { Line } from './lines.ts';

/** The lines of a plot with their styles and values. Clicking one hides or shows its line. */
export class Legend {
  readonly root: HTMLElement;
  /** Shows the step of the values. */
  readonly place = element('span', { class: 'at' });
  private readonly values: HTMLElement[];

  /** @param areShares whether the values are fractions such as accuracies, which are shown in percent. */
  constructor(
    lines: readonly Line[],
    private readonly areShares: boolean,
    toggle: (line: Line, shown: boolean) => void,
  ) {
    this.values = lines.map(() => element('span', { class: 'value' }, '–'));
    const entries = lines.map((line, index) => {
      const mark = swatch(line.style, line.kind === 'marks');
      mark.classList.add(line.kind);
      const button = element(
        'button',
        { type: 'button', 'aria-pressed': 'true' },
        mark,
        line.name,
        this.values[index]!,
      );
      button.addEventListener('click', () => {
        const shown = button.getAttribute('aria-pressed') !== 'true';
        button.setAttribute('aria-pressed', String(shown));
        toggle(line, shown);
      });
      return element('li', {}, button);
    });
    this.root = element('ul', { class: 'legend' }, ...entries);
  }

  /** @param values one for each line. */
  show(place: string, values: readonly (number | null | undefined)[]): void {
    write(this.place, place);
    values.forEach((value, index) => {
      write(this.values[index]!, this.areShares && typeof value === 'number' ? percent(value) : shortOrDash(value));
    });
  }
}

/** An unchanged text is not written, because that would cause a layout. */
function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
