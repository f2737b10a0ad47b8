import { nearest } from '../../../errors.ts';
import { decode, isPart } from '../../app/experiment_url.ts';
import {
  type Lesson,
  type LessonFault,
  type LessonPanel,
  type LessonStep,
  type LookAt,
  lessonPanels,
  type Question,
} from './lesson.ts';

/** Limits on the texts and lists of a lesson, because it may come from anyone. */
export const most = { title: 80, text: 1500, paragraphs: 8, steps: 20, choices: 6, choice: 120, experiment: 8000 };

type Fields = Record<string, unknown>;

/**
 * Reads a lesson from JSON. Invalid parts are left out or cut, and reported as faults: a lesson is data, and no part of it becomes
 * markup or code.
 *
 * @returns no lesson if none of its steps can be shown.
 */
export function readLesson(value: unknown): { lesson?: Lesson; faults: LessonFault[] } {
  const faults: LessonFault[] = [];
  const lesson = new Reader(faults).lesson(value);
  return lesson ? { lesson, faults } : { faults };
}

class Reader {
  constructor(private readonly faults: LessonFault[]) {}

  lesson(value: unknown): Lesson | undefined {
    const fields = this.fields(value, 'lesson', ['title', 'steps']);
    if (!fields) return undefined;
    const title = this.text(fields.title, 'title', most.title, 'it is called "A lesson"') ?? 'A lesson';
    const steps = this.list(fields.steps, 'steps', most.steps, 'objects', (step, i) => this.step(step, i));
    if (!steps.length) this.fault('steps', fields.steps, 'at least one step', 'there is nothing to show');
    return steps.length ? { title, steps } : undefined;
  }

  private step(value: unknown, i: number): LessonStep | undefined {
    const place = `step ${i + 1}`;
    const keys = ['title', 'text', 'experiment', 'question', 'lookAt', 'quiz'];
    const fields = this.fields(value, place, keys);
    if (!fields) return undefined;
    const title =
      this.text(fields.title, `${place}, title`, most.title, `it is called "Step ${i + 1}"`) ?? `Step ${i + 1}`;
    const experiment = this.experiment(fields, place);
    const question = this.part(fields, 'question', place, (part, at) => this.question(part, at));
    const lookAt = this.part(fields, 'lookAt', place, (part, at) => this.lookAt(part, at));
    const { quiz } = fields;
    if (quiz !== undefined && typeof quiz !== 'boolean') {
      this.fault(`${place}, quiz`, quiz, 'true or false', 'verdicts are shown');
    }
    return {
      title,
      text: this.paragraphs(fields.text, `${place}, text`),
      ...(experiment !== undefined && { experiment }),
      ...(question && { question }),
      ...(lookAt && { lookAt }),
      ...(quiz === true && { quiz }),
    };
  }

  private paragraphs(value: unknown, place: string): string[] {
    if (value === undefined) return [];
    const list = typeof value === 'string' ? [value] : value;
    return this.list(list, place, most.paragraphs, 'text, or a list of paragraphs', (paragraph, i) =>
      this.text(paragraph, `${place}, paragraph ${i + 1}`, most.text, 'it is left out'),
    );
  }

  /** Reads an experiment like the page's own URL: invalid parts are replaced by their defaults. */
  private experiment(fields: Fields, place: string): string | undefined {
    if (fields.experiment === undefined) return undefined;
    const at = `${place}, experiment`;
    const text = this.text(fields.experiment, at, most.experiment, 'the step trains nothing')?.replace(/^#/, '');
    if (text === undefined) return undefined;
    const { refused } = decode(text);
    for (const { parts } of refused) {
      const { found, expected, fix } = parts;
      const key = parts.place?.[0];
      const instead = isPart(String(key)) ? 'the default is used' : 'it is ignored';
      this.fault([at, ...(key ? [key] : [])].join(', '), found, [expected, fix].filter(Boolean).join('; '), instead);
    }
    return text;
  }

  private question(value: unknown, place: string): Question | undefined {
    const fields = this.fields(value, place, ['text', 'choices', 'answer', 'explanation']);
    if (!fields) return undefined;
    const text = this.text(fields.text, `${place}, text`, most.text, 'the question is left out');
    const choices = this.list(fields.choices, `${place}, choices`, most.choices, 'a list of choices', (choice, i) =>
      this.text(choice, `${place}, choice ${i + 1}`, most.choice, 'it is left out'),
    );
    const { answer } = fields;
    const isAnswer = Number.isInteger(answer) && Number(answer) >= 0 && Number(answer) < choices.length;
    if (choices.length < 2) {
      this.fault(`${place}, choices`, fields.choices, 'at least two choices', 'the question is left out');
    } else if (!isAnswer) {
      this.fault(
        `${place}, answer`,
        answer,
        `0 to ${choices.length - 1}, the position of the right choice`,
        'the question is left out',
      );
    }
    const explanation =
      fields.explanation === undefined
        ? undefined
        : this.text(fields.explanation, `${place}, explanation`, most.text, 'the answer is not explained');
    if (text === undefined || choices.length < 2 || !isAnswer) return undefined;
    return { text, choices, answer: Number(answer), ...(explanation !== undefined && { explanation }) };
  }

  private lookAt(value: unknown, place: string): LookAt | undefined {
    const fields = this.fields(value, place, ['text', 'panel']);
    if (!fields) return undefined;
    const text = this.text(fields.text, `${place}, text`, most.text, 'it is left out');
    const { panel } = fields;
    const names = Object.keys(lessonPanels);
    const isPanel = typeof panel === 'string' && names.includes(panel);
    if (panel !== undefined && !isPanel) {
      this.fault(`${place}, panel`, panel, names.join(', '), 'there is no button that scrolls to it');
    }
    return text === undefined ? undefined : { text, ...(isPanel && { panel: panel as LessonPanel }) };
  }

  private part<Part>(fields: Fields, name: string, place: string, read: (value: unknown, place: string) => Part) {
    return fields[name] === undefined ? undefined : read(fields[name], `${place}, ${name}`);
  }

  /** Reads an object and reports unknown keys. */
  private fields(value: unknown, place: string, keys: readonly string[]): Fields | undefined {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.fault(place, value, `an object with ${keys.join(', ')}`, 'it is left out');
      return undefined;
    }
    for (const key of Object.keys(value)) {
      if (keys.includes(key)) continue;
      const near = nearest(key, keys);
      const expected = near ?? keys.join(', ');
      this.fault(`${place}, ${cut(key)}`, (value as Fields)[key], expected, 'an unknown key is ignored');
    }
    return Object.fromEntries(
      keys.filter((key) => Object.hasOwn(value, key)).map((key) => [key, (value as Fields)[key]]),
    );
  }

  private list<Item>(
    value: unknown,
    place: string,
    atMost: number,
    expected: string,
    read: (value: unknown, i: number) => Item | undefined,
  ): Item[] {
    if (!Array.isArray(value)) {
      if (value !== undefined) this.fault(place, value, expected, 'it is left out');
      return [];
    }
    if (value.length > atMost)
      this.fault(place, `${value.length}`, `at most ${atMost}`, `the first ${atMost} are used`);
    return value.slice(0, atMost).flatMap((item, i) => read(item, i) ?? []);
  }

  private text(value: unknown, place: string, atMost: number, instead: string): string | undefined {
    if (typeof value !== 'string' || value.trim() === '') {
      this.fault(place, value, 'text', instead);
      return undefined;
    }
    if (value.length <= atMost) return value;
    this.fault(place, `${value.length} characters`, `at most ${atMost}`, 'it is cut off');
    return `${value.slice(0, atMost)}…`;
  }

  private fault(place: string, found: unknown, expected: string, instead: string): void {
    const text = found === undefined ? 'nothing' : typeof found === 'string' ? found : JSON.stringify(found);
    this.faults.push({ place, found: cut(text), expected, instead });
  }
}

/** Shortens a text of any length for a message. */
const cut = (text: string) => (text.length > 120 ? `${text.slice(0, 120)}…` : text);
