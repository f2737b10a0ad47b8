import { proxy } from 'comlink';
import type { ErrorParts } from '../../../errors.ts';
import { counted } from '../../../figures.ts';
import type { PlacedFile } from '../../../index.ts';
import { defaults, initial } from '../../app/experiment.ts';
import { encode } from '../../app/experiment_url.ts';
import { change, experiment, pageError, say, status } from '../../app/state.ts';
import { textOf } from '../../app/status.ts';
import { training } from '../../app/worker_client.ts';
import { loadRun } from '../run/saved_run.ts';
import { inspected } from './cleaning.tsx';
import { reload } from './model.ts';
import { lastFiles, lastRead, reading, readingOptionsOf } from './reading.ts';

const own = 'own';
const isRun = ({ path }: PlacedFile) => /\.wgrad$/i.test(path);

export async function take(files: PlacedFile[]): Promise<void> {
  const saved = files.find(isRun);
  if (saved) await openRun(saved, files.length - 1);
  else await readOwn(files);
}

async function openRun({ path, file }: PlacedFile, others: number): Promise<void> {
  await loadRun(file instanceof File ? file : new File([await file.arrayBuffer()], path));
  if (others) say(`${textOf(status.value)} A run is opened on its own: ${counted(others, 'other file')} ignored.`);
}

async function readOwn(files: PlacedFile[]): Promise<void> {
  const begun = performance.now();
  reading.value = { done: 0, total: files.length, begun, secondsLeft: undefined };
  pageError.value = undefined;
  status.value = { is: 'reading', files: files.length };
  try {
    const { memoryBudget, imageSize, labels, stretch } = experiment.peek();
    lastFiles.value = { files, options: readingOptionsOf(experiment.peek()) };
    const read = await training.readFiles(
      files,
      {
        ...(imageSize !== undefined && { size: imageSize }),
        ...(labels !== undefined && { labels }),
        ...(stretch && { stretch }),
        ...(memoryBudget !== undefined && { memoryBudget: memoryBudget * 2 ** 20 }),
      },
      proxy((done: number, total: number) => {
        // The worker may still report files after one of them has ended the reading with an error.
        if (reading.peek()?.begun !== begun) return;
        const secondsLeft = ((performance.now() - begun) / 1000 / done) * (total - done);
        reading.value = { done, total, begun, secondsLeft: done > 0 ? secondsLeft : undefined };
      }),
    );
    if (!read) {
      say('Stopped reading. The data set has not changed.');
      return;
    }
    lastRead.value = read;
    inspected.value = { name: own, findings: read.findings };
    const { dataset, clean } = experiment.peek();
    if (dataset === own && !clean.length) await reload();
    // The page opens with a network that cannot learn, which is a bad starting point for the user's images.
    else if (encode(experiment.peek()) === encode(initial)) change({ ...defaults, dataset: own, epochs: undefined });
    else change({ dataset: own, clean: [] });
    const stay = read.images === 1 ? 'stays' : 'stay';
    say(
      `${counted(read.images, 'image')} of your own, which ${stay} in ${read.isStreamed ? 'their files: they are decoded while the network trains' : 'this browser'}.`,
    );
    const error = await training.ownNotKept();
    if (error && lastRead.peek() === read) pageError.value = error;
  } catch (error) {
    status.value = { is: 'idle' };
    pageError.value = error as ErrorParts;
  } finally {
    reading.value = undefined;
  }
}
