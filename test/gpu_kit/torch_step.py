"""Measures PyTorch's training step, eager and as a CUDA graph: python3 torch_step.py '<JSON>' prints a line of JSON for each step.

The JSON has "folder", where the networks are, "seconds" of each measurement, and "steps": [["tutorial", 32], ...].
"""

import importlib.util
import json
import pathlib
import sys
import time

import torch
import torch.nn.functional as F

order = json.loads(sys.argv[1])
device = "cuda" if torch.cuda.is_available() else "cpu"
# wgrad computes in float32: so does PyTorch here.
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.backends.cudnn.benchmark = True


def network_of(name):
    path = pathlib.Path(order["folder"]) / name / "model.py"
    spec = importlib.util.spec_from_file_location(f"{name}_model", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load().train().to(device)


def wait():
    if device == "cuda":
        torch.cuda.synchronize()


def rate(step, batch):
    """Images per second: the median of three turns."""
    for _ in range(3):
        step()
    wait()
    rates = []
    for _ in range(3):
        begun, steps = time.perf_counter(), 0
        while True:
            for _ in range(10 if device == "cuda" else 1):
                step()
                steps += 1
            wait()
            took = time.perf_counter() - begun
            if took >= order["seconds"] / 3:
                break
        rates.append(steps * batch / took)
    return sorted(rates)[1]


for name, batch in order["steps"]:
    row = {"network": name, "batchSize": batch, "device": device, "torch": torch.__version__}
    shape = (1, 28, 28) if name == "tutorial" else (3, 32, 32)
    images = torch.rand(batch, *shape, device=device)
    labels = torch.arange(batch, device=device) % 10
    network = network_of(name)

    def step_with(optimizer):
        def step():
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(network.logits(images), labels).backward()
            optimizer.step()

        return step

    try:
        row["eagerImagesPerSecond"] = rate(step_with(torch.optim.Adam(network.parameters(), lr=0.001)), batch)
        if device == "cuda":
            # Only a graph needs the state of Adam on the GPU, which makes an eager step slower.
            step = step_with(torch.optim.Adam(network.parameters(), lr=0.001, capturable=True))
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                for _ in range(3):
                    step()
            torch.cuda.current_stream().wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                step()
            row["graphImagesPerSecond"] = rate(graph.replay, batch)
    except Exception as error:
        row["error"] = str(error).splitlines()[0]
    print(json.dumps(row), flush=True)
