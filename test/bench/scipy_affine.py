"""Images a second of scipy.ndimage.affine_transform as Keras calls it: a channel at a time, order 1, mode nearest.

    python3 test/bench/scipy_affine.py <seconds> <height> <width> <channels>

Prints `ready` when it has imported what it needs; then, for every line on its input, measures that long and prints the rate.
The matrices are made before, so that nothing but the transform is timed.
"""

import sys
import time

import numpy as np
from scipy.ndimage import affine_transform

seconds, height, width, channels = float(sys.argv[1]), *map(int, sys.argv[2:5])
random = np.random.RandomState(0)
image = (random.rand(channels, height, width) * 255).astype('float32')
matrices = []
for _ in range(256):
    theta = np.deg2rad(random.uniform(-15, 15))
    turn = np.array([[np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)]]) * random.uniform(0.9, 1.1)
    middle = np.array([height / 2 - 0.5, width / 2 - 0.5])
    matrices.append((turn, middle - turn @ middle + random.uniform(-2, 2, 2)))

print('ready', flush=True)
for _ in sys.stdin:
    images = 0
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds:
        for matrix, offset in matrices:
            planes = [affine_transform(plane, matrix, offset, order=1, mode='nearest', cval=0.0) for plane in image]
            np.stack(planes, axis=0)
        images += len(matrices)
    print(images / (time.perf_counter() - begun), flush=True)
