import { effect, signal } from '@preact/signals';
import type { ErrorParts } from '../../../errors.ts';
import { count, counted } from '../../../figures.ts';
import type { Finding } from '../../../index.ts';
import { change, dataset, experiment, pageError, say } from '../../app/state.ts';
import type { Findings } from '../../app/worker/cleaning.ts';
import { training } from '../../app/worker_client.ts';
import { run } from '../run/state.ts';
import './cleaning.css';

/** The findings in the images of a data set. */
export const inspected = signal<{ name: string; findings: Findings } | undefined>();
const isEvaluating = signal(false);

/** Data sets with up to this many images are checked automatically. */
const fewImages = 5_000;

const total = () => {
  const { facts } = dataset.value;
  return facts ? facts.train.count + facts.test.count : 0;
};

async function checkData(name: string): Promise<void> {
  if (isEvaluating.peek()) return;
  isEvaluating.value = true;
  try {
    const findings = await training.inspect(name);
    inspected.value = { name, findings };
    if (total() > fewImages) say(`Checked ${counted(total(), 'image')}.`);
  } catch (error) {
    pageError.value = error as ErrorParts;
  } finally {
    isEvaluating.value = false;
  }
}

const meanings: Record<Finding, string> = {
  labels: 'a label that names no class',
  constant: 'all of one color',
  conflicts: 'also present with another label',
  leaks: 'validation images that are also training images',
  duplicates: 'already present with the same label',
};

/** Lists possible problems with the images, and lets the user leave them out: the command's `--clean`. */
export function Cleaning() {
  const { name, facts } = dataset.value;
  const { clean } = experiment.value;
  const isUnderWay = run.value?.isUnderWay.value;
  const findings = inspected.value?.name === experiment.value.dataset ? inspected.value.findings : undefined;
  if (!facts && !findings) return null;
  const found: Partial<Findings['counts'][number]>[] = findings
    ? findings.counts.filter(({ finding, train, test }) => train + test > 0 || clean.includes(finding))
    : clean.map((finding) => ({ finding }));
  return (
    <section id="cleaning" aria-labelledby="cleaning-title">
      <h3 id="cleaning-title">Check the data</h3>
      {!findings && (
        <button
          id="inspect"
          type="button"
          disabled={isUnderWay}
          aria-disabled={isEvaluating.value}
          onClick={() => checkData(name)}
        >
          {isEvaluating.value
            ? 'Checking…'
            : `Check ${clean.length ? 'all images' : counted(total(), 'image')} for duplicates and leaks`}
        </button>
      )}
      {findings && found.length === 0 && (
        <p class="facts">
          {findings.isUnchecked
            ? 'Not checked: the pictures are decoded while the network trains.'
            : 'No duplicates, conflicts, leaks or blank images.'}
        </p>
      )}
      <ul class="findings">
        {found.map(({ finding, train, test }) => (
          <li key={finding}>
            <input
              id={`leave-${finding}`}
              type="checkbox"
              checked={finding === 'labels' || clean.includes(finding!)}
              disabled={finding === 'labels' || isUnderWay}
              onChange={({ currentTarget: { checked } }) =>
                change({
                  clean: orderOf([...clean.filter((other) => other !== finding), ...(checked ? [finding!] : [])]),
                })
              }
            />
            <label for={`leave-${finding}`}>{`leave out ${wordsOf(finding!, train, test)}`}</label>
          </li>
        ))}
      </ul>
      {findings && findings.emptyClasses.length > 0 && (
        <p class="cut">No training image: {findings.emptyClasses.join(', ')}.</p>
      )}
    </section>
  );
}

function wordsOf(finding: Finding, train?: number, test?: number): string {
  if (train === undefined || test === undefined) return `images: ${meanings[finding]}`;
  const all = train + test;
  const parts = finding === 'leaks' ? '' : ` (${count(train)} training, ${count(test)} validation)`;
  return `${counted(all, 'image')}: ${meanings[finding]}${parts}`;
}

/** In the order used in the URL. */
const orderOf = (clean: readonly Finding[]): Finding[] =>
  (Object.keys(meanings) as Finding[]).filter((finding) => clean.includes(finding));

/** Checks small data sets automatically. */
export function installCleaning(): void {
  effect(() => {
    const { name, overview } = dataset.value;
    if (overview && total() <= fewImages && inspected.peek()?.name !== name) checkData(name);
  });
}
