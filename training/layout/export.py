"""The trained tagger as an ONNX file: cooled on held-back tills, in 8 bits where that holds."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process

from ocr.tagger.features import Features
from ocr.tagger.model import CONTRACT, CONTRACT_KEY, INPUTS, OUTPUTS
from training.layout.fit import logits_of
from training.layout.net import Network, Single
from training.layout.sample import Sample, draw_sample

_OPSET: Final = 17
_EXAMPLE_SEED: Final = 4
_TEMPERATURES: Final = np.exp(np.linspace(np.log(0.5), np.log(3.0), 60))
_BINS: Final = 10
HEADS: Final = ("roles", "steps", "sections")


def export(network: Network, temperatures: tuple[float, float, float], file: Path) -> None:
    """Write the network in 32 bit floats."""
    single = Single(network, temperatures)
    single.eval()
    example = draw_sample(_EXAMPLE_SEED).features
    axes: dict[str, dict[int, str]] = {
        **{name: {0: "words"} for name in ("words", "trigrams", "near", "line_of", "roles")},
        **{name: {0: "lines"} for name in ("lines", "steps", "sections")},
        "members": {0: "lines", 1: "longest"},
    }
    with warnings.catch_warnings():
        # The exporter that needs no further package says that another one exists.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            single,
            tuple(torch.from_numpy(getattr(example, name)) for name in INPUTS),
            str(file),
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_axes=axes,
            opset_version=_OPSET,
            dynamo=False,
        )
    note(file)


def quantise(exported: Path, file: Path) -> None:
    """Write the exported network's matrices in 8 bits."""
    ready = file.with_suffix(".ready.onnx")
    quant_pre_process(str(exported), str(ready), skip_symbolic_shape=True)
    quantize_dynamic(str(ready), str(file), weight_type=QuantType.QInt8, per_channel=True)
    ready.unlink()
    note(file)


def note(file: Path) -> None:
    """Write what the model is for into it, and beside it what it hashes to."""
    model = onnx.load(str(file))
    onnx.helper.set_model_props(model, {CONTRACT_KEY: CONTRACT})
    onnx.save(model, str(file))
    total = hashlib.sha256(file.read_bytes()).hexdigest()
    file.with_suffix(".sha256").write_text(f"{total}  {file.name}\n", encoding="ascii")


def session_of(file: Path) -> Any:
    """An exported file, ready to run on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def probabilities_of(session: Any, features: Features) -> list[NDArray[np.float32]]:
    """What an exported file gives for one receipt: roles, steps, sections."""
    return list(session.run(list(OUTPUTS), {name: getattr(features, name) for name in INPUTS}))


def cooled(network: Network, samples: Sequence[Sample]) -> tuple[float, float, float]:
    """The temperatures at which each head's probabilities fit the samples best."""
    found = []
    for head in HEADS:
        logits, truth = _known(network, samples, head)
        losses = [_loss(logits / temperature, truth) for temperature in _TEMPERATURES]
        found.append(float(_TEMPERATURES[int(np.argmin(losses))]))
    return found[0], found[1], found[2]


def reliability(
    network: Network, samples: Sequence[Sample], temperatures: Sequence[float]
) -> dict[str, dict[str, Any]]:
    """By head: how often words or lines told with so much probability are right, and the expected error."""
    result: dict[str, dict[str, Any]] = {}
    for head, temperature in zip(HEADS, temperatures, strict=True):
        logits, truth = _known(network, samples, head)
        shares = np.exp(logits / temperature - _normaliser(logits / temperature)[:, None])
        said, right = shares.max(1), shares.argmax(1) == truth
        bins = np.minimum((said * _BINS).astype(int), _BINS - 1)
        rows = [
            (int(chosen.sum()), round(float(said[chosen].mean()), 4), round(float(right[chosen].mean()), 4))
            for chosen in (bins == number for number in range(_BINS))
            if chosen.any()
        ]
        error = sum(count * abs(mean - share) for count, mean, share in rows) / len(truth)
        result[head] = {"expected_error": round(error, 4), "bins": rows}
    return result


def _known(network: Network, samples: Sequence[Sample], head: str) -> tuple[NDArray[Any], NDArray[Any]]:
    found = logits_of(network, samples)
    logits = np.concatenate([getattr(scores, head).numpy() for _, scores in found]).astype(np.float64)
    truth = np.concatenate([getattr(batch, head) for batch, _ in found])
    return logits[truth >= 0], truth[truth >= 0]


def _normaliser(logits: NDArray[Any]) -> NDArray[Any]:
    most = logits.max(1)
    return np.asarray(most + np.log(np.exp(logits - most[:, None]).sum(1)))


def _loss(logits: NDArray[Any], truth: NDArray[Any]) -> float:
    return float((_normaliser(logits) - logits[np.arange(len(truth)), truth]).mean())
