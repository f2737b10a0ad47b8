"""Images a second that Pillow reads from a folder, with a process on each core: decoded, scaled to cover a square, as an array.

    python3 test/bench/pillow_reading.py <folder> <side> <processes>

Prints Pillow's version and the rate as JSON. The processes are started before the time is taken.
"""

import json
import os
import sys
import time
from multiprocessing import Pool

import numpy as np
import PIL
from PIL import Image, ImageOps

folder, side, processes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def read(path):
    with Image.open(path) as picture:
        image = picture if picture.mode == "L" else picture.convert("RGB")
        image = image if image.size == (side, side) else ImageOps.fit(image, (side, side), Image.Resampling.BICUBIC)
        return np.asarray(image).copy()


if __name__ == "__main__":
    paths = [os.path.join(where, name) for where, _, names in os.walk(folder) for name in sorted(names)]
    with Pool(processes) as pool:
        pool.map(read, paths[:processes])
        begun = time.perf_counter()
        images = sum(1 for _ in pool.imap(read, paths, chunksize=16))
        seconds = time.perf_counter() - begun
    print(json.dumps({"version": PIL.__version__, "rate": images / seconds}))
