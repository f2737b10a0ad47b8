import type { Page } from 'puppeteer';
import { press, readFigure, text } from './visit.ts';

/** The result of a lesson's experiment, as the page shows it. */
export interface Outcome {
  experiment: string;
  /** One network, or the twins A and B. */
  networks: Network[];
}

export interface Network {
  twin: '' | 'A' | 'B';
  /** In order from the images to the loss. */
  layers: { name: string; relative: number; verdict: string }[];
  loss: number;
  accuracy: number;
  validationLoss: number;
  validationAccuracy: number;
}

/** Trains the experiment of the open lesson step, and reads the results that the page shows. */
export async function trainLessonStep(page: Page, experiment: string, patienceMs: number): Promise<Outcome> {
  await press(page, '#lesson-train');
  const isOver = () => /^(Done in|Compared: one pair)/.test(document.querySelector('#status')?.textContent ?? '');
  await page.waitForFunction(isOver, { timeout: patienceMs });
  return readOutcome(page, experiment);
}

export async function readOutcome(page: Page, experiment: string): Promise<Outcome> {
  // A quiz hides its verdicts until they are asked for.
  if (await page.$('#check-guesses')) await page.$eval('#check-guesses', (it) => (it as HTMLElement).click());
  await page.waitForSelector('#gradient-map .badge');
  const rows = await page.$$eval('#gradient-map tbody tr', (all) => {
    let layer = '';
    return all.map((row) => {
      layer = row.querySelector('th')?.textContent ?? layer;
      const of = (selector: string) => row.querySelector(selector)?.textContent ?? '';
      return { layer, twin: of('.twin'), relative: of('.norm'), verdict: of('.badge') };
    });
  });
  const figures = async (id: string) =>
    (await text(page, id)).split('\n').map((it) => readFigure(it.replace(/^[AB] /, '')));
  const [loss, accuracy, validationLoss, validationAccuracy] = await Promise.all(
    ['#loss-now', '#accuracy-now', '#validation-loss-now', '#validation-accuracy-now'].map(figures),
  );
  const twins = [...new Set(rows.map(({ twin }) => twin))].sort() as Network['twin'][];
  const networks = twins.map((twin, i) => ({
    twin,
    layers: rows
      .filter((row) => row.twin === twin)
      .map((row) => ({ name: row.layer, relative: readFigure(row.relative), verdict: row.verdict })),
    ...{ loss: loss![i]!, accuracy: accuracy![i]! },
    ...{ validationLoss: validationLoss![i]!, validationAccuracy: validationAccuracy![i]! },
  }));
  return { experiment, networks };
}

/** A sentence of a lesson, with a check of whether an outcome supports it. */
interface Claim {
  lesson: string;
  /** Step of the experiment that the sentence is about, from 1. */
  step: number;
  says: string;
  holds: (a: Network, b: Network) => boolean;
}

const chance = Math.log(10);
const validationImages = 297;
const isAtChance = ({ validationLoss }: Network) => Math.abs(validationLoss - chance) < 0.1;
const all = ({ layers }: Network, verdict: string) => layers.every((layer) => layer.verdict === verdict);
const has = ({ layers }: Network, verdict: string) => layers.some((layer) => layer.verdict === verdict);
const between = (value: number, least: number, most: number) => value > least && value < most;
/** For each layer except the first, the previous layer's relative gradient divided by its own. */
const factors = ({ layers }: Network) => layers.slice(1).map(({ relative }, i) => layers[i]!.relative / relative);

/** The lessons' statements about their experiments. */
export const claims: readonly Claim[] = [
  {
    lesson: 'sigmoid',
    step: 1,
    says: 'The first layer gets about one millionth of the gradient that reaches the last one.',
    holds: ({ layers }) => between(layers[0]!.relative, 1e-7, 1e-5) && layers[0]!.verdict === 'vanishing',
  },
  {
    lesson: 'sigmoid',
    step: 1,
    says: 'Towards the images, the bars get longer by about the same amount from layer to layer.',
    holds: (a) => factors(a).every((factor) => between(factor, 0.1, 0.5)),
  },
  {
    lesson: 'sigmoid',
    step: 1,
    says: 'The loss settles on the dotted line of chance and stays there; a guess is right 10 % of the time.',
    holds: (a) => isAtChance(a) && between(a.validationAccuracy, 0.05, 0.15),
  },
  {
    lesson: 'sigmoid',
    step: 4,
    says: 'Nearly all of the gradient reaches the first layer.',
    holds: ({ layers }) => between(layers[0]!.relative, 0.3, 10),
  },
  {
    lesson: 'sigmoid',
    step: 4,
    says: "Every layer's verdict is healthy, and the loss leaves the line of chance: the network recognizes digits.",
    holds: (a) => all(a, 'healthy') && a.validationAccuracy > 0.7,
  },
  {
    lesson: 'sigmoid',
    step: 5,
    says: 'With initial weights twice as large there is something to find: gradients explode.',
    holds: (a) => has(a, 'exploding') && !has(a, 'vanishing'),
  },
  {
    lesson: 'batch-norm',
    step: 1,
    says: "A's bars get longer towards the left: less and less of the gradient arrives. B's stay close to 1.",
    holds: (a, b) =>
      a.layers[0]!.verdict === 'vanishing' && b.layers.every(({ relative }) => between(relative, 0.05, 30)),
  },
  {
    lesson: 'batch-norm',
    step: 1,
    says: 'The gradient of the first layer gets through; it does not explode.',
    holds: (_, b) => all(b, 'healthy'),
  },
  {
    lesson: 'batch-norm',
    step: 1,
    says: "B's loss drops below the dotted line of chance. A's stays on it.",
    holds: (a, b) => isAtChance(a) && b.validationLoss < 0.75 * chance,
  },
  {
    lesson: 'batch-norm',
    step: 3,
    says: 'B learns about as well, and no layer explodes.',
    holds: (a, b) => !has(b, 'exploding') && Math.abs(a.validationAccuracy - b.validationAccuracy) < 0.1,
  },
  {
    lesson: 'batch-norm',
    step: 3,
    says: 'Both losses fall.',
    holds: (a, b) => [a, b].every(({ loss, validationLoss }) => Math.max(loss, validationLoss) < 0.75 * chance),
  },
  {
    lesson: 'augmentation',
    step: 1,
    says: 'A, without augmentation, has the lower training loss after ten epochs.',
    holds: (a, b) => a.loss < b.loss,
  },
  {
    lesson: 'augmentation',
    step: 1,
    says: "The gap between training and validation: A's training accuracy is the higher one of the two against its validation.",
    holds: (a, b) => a.accuracy - a.validationAccuracy > b.accuracy - b.validationAccuracy,
  },
  {
    lesson: 'augmentation',
    step: 2,
    says: 'The validation accuracy: B, with mirrored digits, stays behind A.',
    holds: (a, b) => (a.validationAccuracy - b.validationAccuracy) * validationImages > 3,
  },
];

/** Sentences that an outcome contradicts. */
export const refuted = (lesson: string, step: number, { networks }: Outcome): string[] =>
  claims
    .filter((claim) => claim.lesson === lesson && claim.step === step)
    .filter(({ holds }) => !holds(networks[0]!, networks[1] ?? networks[0]!))
    .map(({ says }) => says);
