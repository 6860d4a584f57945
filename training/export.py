"""The averaged weights as an ONNX file that the engine runs, in fixed point where that holds."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from ocr.engines.model import CHARSET_KEY, STRIDE_KEY
from ocr.engines.strips import HEIGHT, Strip, padded, width_class
from training.charset import CHARSET
from training.net import STRIDE, Network

_INPUT: Final = "strips"
_OUTPUT: Final = "scores"
_OPSET: Final = 17


def export(network: Network, file: Path) -> None:
    """Write the network in 32 bit floats."""
    network.eval()
    example = torch.zeros((2, 1, HEIGHT, 96))
    with warnings.catch_warnings():
        # The exporter that needs no further package says that another one exists.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (example,),
            str(file),
            input_names=[_INPUT],
            output_names=[_OUTPUT],
            dynamic_axes={_INPUT: {0: "count", 3: "width"}, _OUTPUT: {0: "count", 1: "steps"}},
            opset_version=_OPSET,
            dynamo=False,
        )
    note(file)


def quantise(exported: Path, file: Path, strips: list[Strip]) -> None:
    """Write the exported network's convolutions and head in 8 bits, with ranges measured on strips.

    The first convolution stays as it is: it sees one channel, where fixed point costs time and some accuracy.
    """
    ready = file.with_suffix(".ready.onnx")
    quant_pre_process(str(exported), str(ready), skip_symbolic_shape=True)
    first = next(node.name for node in onnx.load(str(ready)).graph.node if node.op_type == "Conv")
    quantize_static(
        str(ready),
        str(file),
        _Ranges(strips),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv", "MatMul"],
        nodes_to_exclude=[first],
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    ready.unlink()
    lighten(file)
    note(file)


def lighten(file: Path) -> None:
    """Leave out of a quantised file what only costs time: a twentieth of it.

    A convolution's output is written in 8 bits twice, before and after it is rectified: values below 0
    vanish by writing it once with 0 as its least. The scores need no 8 bits, which only make them coarser.
    """
    model = onnx.load(str(file))
    graph = model.graph
    constants = {constant.name: constant for constant in graph.initializer}

    def after(node: Any) -> Any:
        followers = [other for other in graph.node if node.output[0] in other.input]
        return followers[0] if len(followers) == 1 else None

    def skip(node: Any, source: str) -> None:
        for other in graph.node:
            for place, name in enumerate(other.input):
                if name == node.output[0]:
                    other.input[place] = source

    gone = []
    for node in graph.node:
        written = after(node) if node.op_type in {"Conv", "MatMul"} else None
        if written is None or written.op_type != "QuantizeLinear":
            continue
        read = after(written)
        rectified = after(read)
        if node.op_type == "MatMul":
            skip(read, node.output[0])
            gone += [written, read]
        elif rectified is not None and rectified.op_type == "Relu":
            rewritten = after(rectified)
            if rewritten is not None and rewritten.op_type == "QuantizeLinear":
                rewritten.input[0] = node.output[0]
                gone += [written, read, rectified]
            else:
                _start_at_zero(constants[written.input[1]], constants[written.input[2]])
                skip(rectified, read.output[0])
                gone.append(rectified)
    for node in gone:
        graph.node.remove(node)
    used = {name for node in graph.node for name in node.input}
    for constant in [constant for constant in graph.initializer if constant.name not in used]:
        graph.initializer.remove(constant)
    onnx.checker.check_model(model)
    onnx.save(model, str(file))


def _start_at_zero(scale: Any, zero: Any) -> None:
    """Let a range of 8 bits begin at 0, its upper end where it is."""
    highest = float(onnx.numpy_helper.to_array(scale)) * (255 - int(onnx.numpy_helper.to_array(zero)))
    scale.CopyFrom(onnx.numpy_helper.from_array(np.array(highest / 255, np.float32), scale.name))
    zero.CopyFrom(onnx.numpy_helper.from_array(np.array(0, np.uint8), zero.name))


def note(file: Path) -> None:
    """Write the characters into the model, and beside it what it hashes to."""
    model = onnx.load(str(file))
    onnx.helper.set_model_props(model, {CHARSET_KEY: CHARSET, STRIDE_KEY: str(STRIDE)})
    onnx.save(model, str(file))
    total = hashlib.sha256(file.read_bytes()).hexdigest()
    file.with_suffix(".sha256").write_text(f"{total}  {file.name}\n", encoding="ascii")


class _Ranges(CalibrationDataReader):  # type: ignore[misc] # onnxruntime is untyped
    """Strips, a width class at a time, as the calibration asks for them."""

    def __init__(self, strips: list[Strip]) -> None:
        by_width: dict[int, list[Strip]] = {}
        for strip in strips:
            by_width.setdefault(width_class(strip.shape[1]), []).append(strip)
        self._batches = [
            padded(group[start : start + 8])
            for group in by_width.values()
            for start in range(0, len(group), 8)
        ]

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next strips, None after the last."""
        if not self._batches:
            return None
        return {_INPUT: self._batches.pop()[:, None].astype(np.float32) / np.float32(255)}


def scores_of(file: Path, strips: NDArray[np.uint8]) -> NDArray[Any]:
    """What an exported file gives for strips (n, HEIGHT, width)."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    (scored,) = session.run(None, {_INPUT: strips[:, None].astype(np.float32) / np.float32(255)})
    return np.asarray(scored)
