/** What people call the data sets, by the names that the URL and the command have for them. */
export const datasetTitles: Record<string, string> = {
  mnist: 'MNIST',
  'fashion-mnist': 'Fashion-MNIST',
  cifar10: 'CIFAR-10',
  digits: 'Digits',
  own: 'Your own images',
};

export const datasetTitle = (name: string): string => datasetTitles[name] ?? name;
