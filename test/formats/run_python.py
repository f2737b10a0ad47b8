"""Predicts with the code that wgrad has written.

    python test/formats/run_python.py <folder>...

Each folder has model.py, its weights, and images.json: { "shape": [n, height, width, channels], "values": [...] }. Prints the
probabilities of each folder as JSON. The same script runs with PyTorch and with Keras.
"""

import importlib.util
import json
import pathlib
import sys

import numpy

out = []
for folder in map(pathlib.Path, sys.argv[1:]):
    spec = importlib.util.spec_from_file_location(f"model_{len(out)}", folder / "model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    given = json.loads((folder / "images.json").read_text())
    images = numpy.array(given["values"], dtype=numpy.float32).reshape(given["shape"])
    network = module.load()
    if hasattr(module, "torch"):
        with module.torch.no_grad():
            result = network(module.torch.from_numpy(images).permute(0, 3, 1, 2)).numpy()
    else:
        result = numpy.asarray(network(images, training=False))
    out.append(numpy.asarray(result, dtype=float).ravel().tolist())
print(json.dumps(out))
