/** Display names of the data sets, by their names in the URL and the command. */
export const datasetTitles: Record<string, string> = {
  mnist: 'MNIST',
  'fashion-mnist': 'Fashion-MNIST',
  cifar10: 'CIFAR-10',
  digits: 'Digits',
  own: 'Your own images',
};

export const datasetTitle = (name: string): string => datasetTitles[name] ?? name;
