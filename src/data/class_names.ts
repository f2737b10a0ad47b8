/** Class names of MNIST and of scikit-learn's digits. */
export const digitNames: readonly string[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/** Class names given by the authors (https://github.com/zalandoresearch/fashion-mnist). */
export const fashionMnistNames: readonly string[] = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

/** In the order of the file batches.meta.txt (https://www.cs.toronto.edu/~kriz/cifar.html). */
export const cifar10Names: readonly string[] = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
];
