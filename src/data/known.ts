/** What `--dataset` and the page call the data sets that wgrad knows. */
export const datasetNames = ['mnist', 'fashion-mnist', 'digits', 'cifar10'] as const;

export type DatasetName = (typeof datasetNames)[number];

export const isDatasetName = (name: string): name is DatasetName => (datasetNames as readonly string[]).includes(name);
