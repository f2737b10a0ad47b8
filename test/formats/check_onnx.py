"""Checks ONNX files with onnx' own checker, shapes included.

    /usr/bin/python3 test/formats/check_onnx.py <file>...

prints for each its operators as JSON.
"""

import json
import sys

import onnx

out = {}
for path in sys.argv[1:]:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    shapes = {
        value.name: [axis.dim_value or axis.dim_param for axis in value.type.tensor_type.shape.dim]
        for value in [*inferred.graph.input, *inferred.graph.output]
    }
    out[path] = {
        "operators": sorted({node.op_type for node in model.graph.node}),
        "opset": model.opset_import[0].version,
        "metadata": {entry.key: entry.value for entry in model.metadata_props},
        "shapes": shapes,
    }
print(json.dumps(out))
