import { describeModels, type LayerConfig, type LossConfig, type Model } from '../../../index.ts';
import { activationOption } from '../../../model/layer.ts';
import { endingActivation } from '../../../model/loss.ts';
import { lossDefinition } from '../../../model/losses/index.ts';

/** The model with the activation of the last layer that a loss needs; unchanged if the last layer has no such option. */
export function endedFor(model: Model, { type }: Exclude<LossConfig, string>): Model {
  const last = model.layers.at(-1);
  if (!last) return model;
  const { ending } = lossDefinition(type);
  const now = activationOption(last) ?? 'linear';
  const activation = endingActivation[ending];
  const fits = ending === 'numbers' ? now !== 'softmax' && now !== 'sigmoid' : now === activation;
  const hasOption = optionsOf(last).includes('activation');
  if (fits || !hasOption) return model;
  return { ...model, layers: [...model.layers.slice(0, -1), { ...last, activation } as LayerConfig] };
}

/** The names of a layer's options. */
const optionsOf = ({ type }: LayerConfig): string[] =>
  describeModels()
    .layers.find((layer) => layer.type === type)
    ?.options.map(({ name }) => name) ?? [];
