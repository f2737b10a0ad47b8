"""Reads a safetensors file with PyTorch alone, and writes another one with half its tensors' values.

    /usr/bin/python3 test/formats/read_safetensors.py <file> <halved file>

prints the tensors as JSON: name -> [shape, sum, first number].
"""

import json
import struct
import sys

import torch

data = open(sys.argv[1], "rb").read()
(length,) = struct.unpack("<Q", data[:8])
header = json.loads(data[8 : 8 + length])
metadata = header.pop("__metadata__")
tensors = {}
for name, entry in header.items():
    begin, end = entry["data_offsets"]
    flat = torch.frombuffer(bytearray(data[8 + length + begin : 8 + length + end]), dtype=torch.float32)
    tensors[name] = flat.reshape(entry["shape"])

out, body = {"__metadata__": {"model": metadata["model"]}}, b""
# Backwards: the order of the tensors is of no importance.
for name, tensor in reversed(tensors.items()):
    values = (tensor / 2).numpy().tobytes()
    out[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(body), len(body) + len(values)]}
    body += values
text = json.dumps(out).encode()
open(sys.argv[2], "wb").write(struct.pack("<Q", len(text)) + text + body)

print(json.dumps({n: [list(t.shape), t.double().sum().item(), t.flatten()[0].item()] for n, t in tensors.items()}))
