import {
  blockUntilReady,
  defaultDevice,
  getWebGPUDevice,
  init,
  jit,
  lax,
  nn,
  numpy as np,
  tree,
  valueAndGrad,
} from '@jax-js/jax';
import { type Contender, decodedBatches, type Setup } from './contender.ts';

type Params = {
  w1: np.Array;
  b1: np.Array;
  w2: np.Array;
  b2: np.Array;
  w3: np.Array;
  b3: np.Array;
  w4: np.Array;
  b4: np.Array;
};
/** Adam's moments, and beta1 and beta2 to the power of the number of steps so far. */
type State = { params: Params; m: Params; v: Params; power1: np.Array; power2: np.Array };

const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-7;

/**
 * jax-js on its WebGPU backend: the whole step, gradient and Adam, in one `jit`, so that it can fuse as much as possible. The
 * network is written as in its MNIST example: NCHW, with the pool before relu, which gives the same numbers at less cost. Each step
 * is awaited, as its documentation recommends; queueing steps is slower.
 */
export async function startJax({ batchSize, learningRate, weights }: Setup): Promise<Contender> {
  await init('webgpu');
  defaultDevice('webgpu');
  const params = toParams(weights);
  const zeros = () => tree.map((x: np.Array) => np.zeros(x.shape), params) as unknown as Params;
  let state: State = { params, m: zeros(), v: zeros(), power1: np.array(1), power2: np.array(1) };
  const step = jit((state: State, images: np.Array, labels: np.Array): [np.Array, State] => {
    const [loss, gradients] = valueAndGrad(crossEntropy)(tree.ref(state.params), images, labels);
    return [loss, adam(state, gradients as Params, learningRate)];
  });
  let batches: { images: np.Array; labels: np.Array }[] = [];
  return {
    device: getWebGPUDevice(),
    async load(dataset) {
      tree.dispose(batches);
      batches = [...decodedBatches(dataset, batchSize)].map(({ images, labels }) => ({
        images: np.array(images as Float32Array<ArrayBuffer>).reshape([labels.length, 1, 28, 28]),
        labels: np.array(Int32Array.from(labels)),
      }));
      await blockUntilReady(batches);
    },
    async train() {
      const losses: number[] = [];
      for (const { images, labels } of batches) {
        const [loss, next] = step(state, images.ref, labels.ref);
        state = next;
        await blockUntilReady(state);
        losses.push(await loss.jsAsync());
      }
      await getWebGPUDevice().queue.onSubmittedWorkDone();
      return losses;
    },
  };
}

function crossEntropy(p: Params, images: np.Array, labels: np.Array): np.Array {
  const batch = labels.shape[0];
  const convolve = (x: np.Array, w: np.Array, b: np.Array) =>
    nn.relu(lax.reduceWindow(lax.conv(x, w, [1, 1], 'VALID').add(b), np.max, [2, 2], [2, 2]));
  const flat = convolve(convolve(images, p.w1, p.b1), p.w2, p.b2).reshape([batch!, -1]);
  const hidden = nn.relu(np.dot(flat, p.w3).add(p.b3));
  const logits = np.dot(hidden, p.w4).add(p.b4);
  return nn
    .logSoftmax(logits)
    .mul(nn.oneHot(labels, 10))
    .sum()
    .mul(-1 / batch!);
}

function adam({ params, m, v, power1, power2 }: State, gradients: Params, learningRate: number): State {
  const decay1 = power1.mul(beta1);
  const decay2 = power2.mul(beta2);
  const one = () => np.array(1);
  const rate = np.sqrt(one().sub(decay2.ref)).div(one().sub(decay1.ref)).mul(learningRate);
  const next = { params: {}, m: {}, v: {} } as Pick<State, 'params' | 'm' | 'v'>;
  for (const name of Object.keys(params) as (keyof Params)[]) {
    const g = gradients[name];
    const moment = m[name].mul(beta1).add(g.ref.mul(1 - beta1));
    const square = v[name].mul(beta2).add(np.square(g).mul(1 - beta2));
    next.params[name] = params[name].sub(moment.ref.mul(rate.ref).div(np.sqrt(square.ref).add(epsilon)));
    next.m[name] = moment;
    next.v[name] = square;
  }
  rate.dispose();
  return { ...next, power1: decay1, power2: decay2 };
}

/**
 * Converts Keras' layouts to jax-js': [kh, kw, in, out] to [out, in, kh, kw], and the rows of the first dense kernel from HWC to
 * CHW.
 */
function toParams(weights: Setup['weights']): Params {
  const [w1, b1, w2, b2, w3, b3, w4, b4] = weights.map(({ values, shape }) =>
    np.array(values as Float32Array<ArrayBuffer>).reshape(shape),
  );
  const channels = weights[2]!.shape[3];
  const side = Math.sqrt(weights[4]!.shape[0]! / channels!);
  const units = weights[4]!.shape[1];
  const kernel = (w: np.Array) => np.transpose(w, [3, 2, 0, 1]);
  return {
    w1: kernel(w1!),
    b1: b1!.reshape([-1, 1, 1]),
    w2: kernel(w2!),
    b2: b2!.reshape([-1, 1, 1]),
    w3: np.transpose(w3!.reshape([side, side, channels!, units!]), [2, 0, 1, 3]).reshape([-1, units!]),
    b3: b3!,
    w4: w4!,
    b4: b4!,
  };
}
