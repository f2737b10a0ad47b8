import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import type { AdapterOptions } from '../../src/cli/adapter_options.ts';
import { hostLine } from '../../src/cli/hosts/host_names.ts';
import type { Session } from '../../src/cli/session.ts';
import { adapterLine } from '../../src/cli/training_report.ts';
import { withSession } from '../../src/cli/with_session.ts';
import type { DatasetName, TrainAndTest } from '../../src/data/index.ts';
import { figure, fixed } from '../../src/figures.ts';
import { compileModel, type Model } from '../../src/model/graph.ts';
import { stepsBeforeUpgrade } from '../../src/train/kernel_upgrades.ts';
import { augmentationTable, measureAugmentation } from './augmentation.ts';
import { flopsAnImage } from './flops.ts';
import { healthLines, measureHealth } from './health.ts';
import { benchDatasets, benchModel, isTutorial, jaxLine, trainedLine } from './networks.ts';
import { measureOptimizers, type OptimizerTimes, optimizerLine } from './optimizers.ts';
import {
  checkLosses,
  figuresOf,
  type Measured,
  peersOf,
  peersTable,
  planRounds,
  ratio,
  ratioLine,
  type Scale,
} from './peers_report.ts';
import { type BenchPage, type ContenderName, contenders } from './protocol.ts';

export interface PeersOptions extends AdapterOptions {
  /** The network to train: a preset, or a model as JSON. */
  model: string | Record<string, unknown>;
  dataset: DatasetName;
  batchSize?: number[];
  rounds?: number;
  turnSeconds?: number;
  /** Measures only the augmentation, instead of training. */
  augment: boolean;
  /** Measures the cost of gradient health per step, instead. */
  health: boolean;
  /** Measures the cost of each optimizer per step relative to adam, instead. */
  optimizers: boolean;
  json?: string;
}

/** Above this time a contender is warm after its first step: a second warm-up step would cost too much. */
const slowMs = 10_000;

/** Duration of a turn in seconds. */
const usualTurn = 3;
/** A shorter turn, because there are many pairs and the machine's load changes from second to second. */
const shortTurn = 1;

/**
 * `wgrad bench`: measures a training step, of the tutorial unless another network is given, in wgrad and its peers, alternating in
 * one page.
 */
export async function benchPeers(options: PeersOptions): Promise<void> {
  const { datasets, synthetic } = await benchDatasets(options.dataset);
  const model = benchModel(options.model, datasets.train);
  const flops = flopsAnImage(compileModel(model));
  const names = contenders.filter((name) => name !== 'jax-js' || isTutorial(model));
  const results: { scale: Scale; all: Measured[] }[] = [];
  let facts: Record<string, unknown> | undefined;
  if (options.augment) return benchAugmentation(options, datasets, model);
  if (options.health) return benchHealth(options, datasets, model);
  if (options.optimizers) return benchOptimizers(options, datasets, model, synthetic);
  for (const batchSize of options.batchSize ?? [32, 256]) {
    // A separate Chrome for each size, so that no contender finds a compiled shader in a cache.
    await withBenchPage(options, datasets, model, async (session) => {
      if (!facts) {
        facts = await tellFacts(session);
        console.log(trainedLine(options, datasets.train, synthetic));
        if (!names.includes('jax-js')) console.log(jaxLine);
      }
      const scale = { batchSize, flopsAnImage: flops, ceiling: facts.ceilingGflops as number };
      const all = await measure(session, names, batchSize, options);
      console.log(peersTable(all, scale));
      checkLosses(all);
      console.log(ratioLine(all, batchSize));
      results.push({ scale, all });
    });
  }
  if (!options.json) return;
  const trained = { model, dataset: options.dataset, synthetic };
  writeFileSync(options.json, `${JSON.stringify({ ...facts, ...trained, batchSizes: results.map(written) })}\n`);
  console.log(`written  ${options.json}`);
}

/** `wgrad bench --augment`. */
async function benchAugmentation(options: PeersOptions, datasets: TrainAndTest, model: Model): Promise<void> {
  await withBenchPage(options, datasets, model, async (session) => {
    const facts = await tellFacts(session);
    const rates = await measureAugmentation(session, options.rounds ?? 5);
    console.log(augmentationTable(rates));
    if (!options.json) return;
    writeFileSync(options.json, `${JSON.stringify({ ...facts, augmentation: rates })}\n`);
    console.log(`written  ${options.json}`);
  });
}

/** `wgrad bench --health`. */
async function benchHealth(options: PeersOptions, datasets: TrainAndTest, model: Model): Promise<void> {
  await withBenchPage(options, datasets, model, async (session) => {
    const facts = await tellFacts(session);
    const all = [];
    for (const batchSize of options.batchSize ?? [32]) {
      const times = await measureHealth(session, batchSize, options.rounds ?? 9, options.turnSeconds ?? usualTurn);
      console.log(healthLines(times));
      all.push(times);
    }
    if (!options.json) return;
    writeFileSync(options.json, `${JSON.stringify({ ...facts, health: all })}\n`);
    console.log(`written  ${options.json}`);
  });
}

/** `wgrad bench --optimizers`. */
async function benchOptimizers(
  options: PeersOptions,
  datasets: TrainAndTest,
  model: Model,
  synthetic: boolean,
): Promise<void> {
  await withBenchPage(options, datasets, model, async (session) => {
    const facts = await tellFacts(session);
    console.log(trainedLine(options, datasets.train, synthetic));
    const all = [];
    for (const batchSize of options.batchSize ?? [32]) {
      console.log(`pairs    of adam and of each other, batches of ${batchSize}`);
      const turn = options.turnSeconds ?? shortTurn;
      const tell = (times: OptimizerTimes) => console.log(optimizerLine(times));
      all.push({ batchSize, times: await measureOptimizers(session, batchSize, options.rounds ?? 9, turn, tell) });
    }
    if (!options.json) return;
    writeFileSync(options.json, `${JSON.stringify({ ...facts, optimizers: all })}\n`);
    console.log(`written  ${options.json}`);
  });
}

async function withBenchPage(
  options: AdapterOptions,
  datasets: TrainAndTest,
  model: Model,
  work: (session: Session<BenchPage>) => Promise<void>,
): Promise<void> {
  const prepared = async (session: Session<BenchPage>) => {
    await session.call('prepare', model);
    await work(session);
  };
  await openBenchPage(options, () => datasets, prepared);
}

/** Opens the bench's page, before it has a data set and a network. */
export const openBenchPage = (
  { adapter, host, chrome, browserTimeout, yes }: AdapterOptions,
  datasets: () => TrainAndTest,
  work: (session: Session<BenchPage>) => Promise<void>,
): Promise<void> =>
  withSession<void, BenchPage>(
    { page: 'bench-page', adapter, host, chrome, browserTimeout, yes, datasets, report: console.error },
    work,
  );

/** Prints the facts that the figures depend on. */
export async function tellFacts(session: Session<BenchPage>) {
  const [load] = loadavg();
  const facts = {
    date: new Date().toISOString().slice(0, 10),
    chrome: session.version,
    adapter: session.adapter,
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim(),
    /** Load average over the last minute; always 0 on Windows. Other load on the machine slows all contenders down. */
    load,
    peers: peerVersions(),
    ceilingGflops: await session.call('ceiling'),
  };
  console.log(`date     ${facts.date}`);
  console.log(hostLine(session.host, facts.chrome));
  console.log(adapterLine(facts.adapter));
  console.log(`machine  ${facts.cores} cores, ${facts.processor}, load ${fixed(load, 1)} before the start`);
  console.log(
    `peers    ${Object.entries(facts.peers)
      .map((it) => it.join(' '))
      .join(', ')}, on their WebGPU backends`,
  );
  console.log(`ceiling  ${figure(facts.ceilingGflops)} GFLOP/s: multiply-adds in registers, nothing loaded`);
  return facts;
}

function peerVersions(): Partial<Record<ContenderName, string>> {
  const { devDependencies } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return {
    'TensorFlow.js': devDependencies['@tensorflow/tfjs-backend-webgpu'],
    'jax-js': devDependencies['@jax-js/jax'],
  };
}

/** Starts all contenders, warms them up, and lets them take turns. */
async function measure(
  session: Session<BenchPage>,
  names: readonly ContenderName[],
  batchSize: number,
  options: PeersOptions,
): Promise<Measured[]> {
  const report = (what: string) => console.error(`batch ${batchSize}: ${what}`);
  const all: Measured[] = [];
  const stepMs: number[] = [];
  for (const name of names) {
    report(`${name} starts`);
    const { ms, losses } = await session.call('start', name, batchSize);
    all.push({ name, startupMs: ms, rounds: [], losses });
    if (ms > slowMs) stepMs.push(ms);
    else {
      const steps = name.startsWith('wgrad') ? stepsBeforeUpgrade : 1;
      const warm = await session.call('train', name, steps);
      losses.push(...warm.losses);
      stepMs.push(warm.ms / steps);
    }
  }
  const plan = planRounds(stepMs, batchSize, 1000 * (options.turnSeconds ?? usualTurn));
  const rounds = options.rounds ?? plan.rounds;
  for (let round = 1; round <= rounds; round++) {
    report(`round ${round} of ${rounds}`);
    for (const [place, it] of all.entries()) {
      const timed = await session.call('train', it.name, plan.steps[place]!);
      it.rounds.push(timed);
      it.losses.push(...timed.losses);
    }
  }
  return all;
}

function written({ scale, all }: { scale: Scale; all: Measured[] }) {
  return {
    batchSize: scale.batchSize,
    flopsAnImage: scale.flopsAnImage,
    contenders: all.map((it) => figuresOf(it, scale)),
    ratios: Object.fromEntries(peersOf(all).map((peer) => [peer.name, ratio(all[0]!, peer)])),
  };
}
