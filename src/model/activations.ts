/** Activations by Keras' names in camelCase. */
export const activationNames = ['linear', 'relu', 'tanh', 'sigmoid', 'softmax'] as const;
export type ActivationName = (typeof activationNames)[number];
