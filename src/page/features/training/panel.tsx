import { clock, count, duration, roughFigure } from '../../../figures.ts';
import { metricWords } from '../../app/experiment.ts';
import { settled } from '../../app/state.ts';
import { Curves } from '../../plots/curves.ts';
import { rateLines } from '../../plots/lines.ts';
import { capitalized } from '../../ui/capitalized.ts';
import { metricText, short } from '../../ui/numbers.ts';
import { Panel } from '../../ui/panel.tsx';
import { measuredOf, type Run, twinsOf } from '../run/run.ts';
import { RunPlot } from '../run/run_plot.tsx';
import { run } from '../run/state.ts';
import { withTwin } from '../run/twin_lines.ts';
import './style.css';
import { TwinsKey } from '../run/twins_key.tsx';

const nothing = new Curves();

/** The progress of the run in figures. */
export function TrainingPanel() {
  return (
    <Panel id="training" title="Training">
      <TwinsKey />
      <Figures />
      <RatePlot />
    </Panel>
  );
}

/** A constant rate needs no plot. */
function RatePlot() {
  const shown = run.value;
  shown?.events.value;
  if (!shown || !twinsOf(shown).some(({ run }) => run.curves.ratesVary)) return null;
  return (
    <RunPlot
      id="rate"
      title="Learning rate"
      whole
      lines={(run) => withTwin(run, ({ curves }, style) => rateLines(curves, style))}
      idle={() => rateLines(nothing)}
      description="Learning rate of the training steps"
      empty="The learning rate appears here"
    />
  );
}

function Figures() {
  const shown = run.value;
  const metric = metricWords(shown?.experiment ?? settled.value);
  shown?.events.value;
  const log = shown?.going.log;
  const last = log?.epochs.at(-1);
  const isUnderWay = shown?.isUnderWay.value;
  const rate = log?.unfinished?.imagesPerSecond ?? last?.imagesPerSecond;
  const stepMs = log?.stepMs;
  const bytes = shown?.bytes.value;
  const ofEach = (of: (run: Run) => number | undefined, textOf = short) =>
    shown
      ? twinsOf(shown)
          .map(({ name, run }) => {
            const value = of(run);
            return `${name} ${value === undefined ? '–' : textOf(value)}`.trim();
          })
          .join('\n')
      : '';
  const ofMetric = (value: number) => metricText(metric, value);
  const figures: Figure[] = [
    { id: 'loss-now', name: 'Loss', text: ofEach(({ log }) => (log.unfinished ?? log.epochs.at(-1))?.loss) },
    {
      id: 'accuracy-now',
      name: capitalized(metric),
      text: ofEach(({ log }) => {
        const now = log.unfinished ?? log.epochs.at(-1);
        return now && measuredOf(now);
      }, ofMetric),
    },
    {
      id: 'validation-loss-now',
      name: 'Validation loss',
      text: ofEach(({ partialEpoch, log }) => partialEpoch?.loss ?? log.epochs.at(-1)?.validationLoss),
    },
    {
      id: 'validation-accuracy-now',
      name: `Validation ${metric}`,
      text: ofEach(({ validated }) => validated, ofMetric),
    },
    { id: 'rate-now', name: 'Images/s', text: rate ? count(Math.round(rate)) : '' },
    { id: 'step-now', name: 'Time per step', text: stepMs ? duration(stepMs) : '' },
    {
      id: 'left-now',
      name: 'Time left',
      text: isUnderWay && shown && shown.secondsLeft < Infinity ? clock(shown.secondsLeft) : '',
    },
    {
      id: 'bytes-now',
      name: 'GPU memory',
      text: bytes ? mebibytes(bytes.trainer + bytes.datasets) : '',
      title: bytes && `network and batch ${mebibytes(bytes.trainer)}, data sets ${mebibytes(bytes.datasets)}`,
    },
  ];
  return (
    <dl class="figures">
      {figures.map(({ id, name, text, title }) => (
        <div key={id} title={title}>
          <dt>{name}</dt>
          <dd id={id}>{text || '–'}</dd>
        </div>
      ))}
    </dl>
  );
}

interface Figure {
  id: string;
  name: string;
  text: string;
  title?: string;
}

const mebibytes = (bytes: number) => `${roughFigure(bytes / 2 ** 20)} MiB`;
