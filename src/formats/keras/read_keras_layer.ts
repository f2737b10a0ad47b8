import { type ActivationName, activationNames } from '../../model/activations.ts';
import { definitionOf, type LayerType } from '../../model/layers/index.ts';
import { describeOptions } from '../../options.ts';
import { snakeCase } from '../trained_model.ts';
import { initializerFrom } from './keras_initializers.ts';
import { type Context, isObject, type Json, type LayerJson } from './keras_json.ts';
import { activationOfName, typeOfClass } from './keras_names.ts';

/** Keras layers that become wgrad's activation layer. */
const activationClasses: Record<string, (config: Json) => Json | undefined> = {
  ReLU: ({ max_value: most, negative_slope: slope = 0, threshold = 0 }) => {
    if (threshold !== 0) return undefined;
    if (most === 6 && slope === 0) return { activation: 'relu6' };
    if (most !== null && most !== undefined) return undefined;
    return slope === 0 ? { activation: 'relu' } : { activation: 'leakyRelu', negativeSlope: slope };
  },
  LeakyReLU: ({ alpha, negative_slope: slope }) => ({ activation: 'leakyRelu', negativeSlope: slope ?? alpha ?? 0.3 }),
  ELU: ({ alpha = 1 }) => (alpha === 1 ? { activation: 'elu' } : undefined),
  Softmax: ({ axis = -1 }) => (axis === -1 ? { activation: 'softmax' } : undefined),
};

/** Options without an equivalent in wgrad, with the only values under which the layer computes the same. */
const onlyValues: Record<string, readonly unknown[]> = {
  data_format: [null, undefined, 'channels_last'],
  output_padding: [null, undefined],
  rms_scaling: [false, undefined],
  renorm: [false, undefined],
};

/** Options that only affect training; they are ignored. */
const onlyTraining = /_constraint$|^activity_regularizer$/;

/** Converts a layer to wgrad's. Unsupported parts are added to `context.unknown`, in which case the result must not be used. */
export function readLayer(json: LayerJson, context: Context): Json {
  const { class_name: className, config, name } = json;
  const fail = (why = ''): Json => {
    context.unknown.push(`${name} (${className}${why && `, ${why}`})`);
    return {};
  };
  const activationOf = activationClasses[className];
  if (Object.hasOwn(activationClasses, className) && activationOf) {
    const made = activationOf(config);
    return made ? { type: typeOfClass.get('Activation'), ...made } : fail('with these options');
  }
  const type = typeOf(className, config);
  if (!type) return fail();
  const made: Json = { type };
  for (const [option, values] of Object.entries(onlyValues)) {
    if (!values.includes(config[option])) return fail(`${option} ${JSON.stringify(config[option])}`);
  }
  for (const [option, value] of Object.entries(config)) {
    if (onlyTraining.test(option) && value !== null) context.notes.push(`${name}: ${option} was left out`);
  }
  for (const { name: option } of describeOptions(definitionOf(type).schema)) {
    const value = config[snakeCase(option)];
    if (value === undefined || value === null || option === 'name' || option === 'inputs') continue;
    if (option === 'activation') {
      const activation = readActivation(value, context);
      if (!activation) return fail(`activation ${nameOf(value)}`);
      made.activation = activation;
    } else if (option.endsWith('Initializer')) {
      const initializer = initializerFrom(value);
      if (initializer) made[option] = initializer;
      else context.notes.push(`${name}: ${snakeCase(option)} was left out: wgrad has no ${nameOf(value)}`);
    } else if (option.endsWith('Regularizer')) {
      const regularizer = readRegularizer(value);
      if (regularizer) made[option] = regularizer;
    } else if (option === 'axis') made.axis = Array.isArray(value) && value.length === 1 ? value[0] : value;
    else made[option] = value;
  }
  return made;
}

/** A dropout whose mask is the same for all pixels drops channels. */
function typeOf(className: string, { noise_shape: shape }: Json): LayerType | undefined {
  const isSpatial = Array.isArray(shape) && shape.length === 4 && shape[1] === 1 && shape[2] === 1;
  return typeOfClass.get(className === 'Dropout' && isSpatial ? 'SpatialDropout2D' : className);
}

const nameOf = (value: unknown): string => {
  if (!isObject(value)) return String(value);
  return typeof value.config === 'string' ? value.config : String(value.class_name);
};

/** Name of a function, given as text or in Keras 3's serialization. Before Keras 3, hard_sigmoid was 0.2 x + 0.5. */
function readActivation(value: unknown, { keras }: Context): ActivationName | undefined {
  const name = nameOf(value);
  if (/^hard_?sigmoid$/i.test(name) && !/^[3-9]/.test(keras)) return undefined;
  const own = activationOfName(name.toLowerCase());
  return own ?? activationNames.find((known) => known === name);
}

function readRegularizer(value: unknown): { l1?: number; l2?: number } | undefined {
  if (!isObject(value)) return undefined;
  const { l1, l2 } = (isObject(value.config) ? value.config : {}) as { l1?: unknown; l2?: unknown };
  const found = {
    ...(typeof l1 === 'number' && l1 !== 0 && { l1 }),
    ...(typeof l2 === 'number' && l2 !== 0 && { l2 }),
  };
  return Object.keys(found).length > 0 ? found : undefined;
}
