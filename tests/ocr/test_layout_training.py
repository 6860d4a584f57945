"""The tagger's trainer learns, goes on where it stopped, exports what it learned; needs group `training`."""

from __future__ import annotations

import random
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

NEEDED = "Needs the group `training`: uv sync --group training."
torch = pytest.importorskip("torch", reason=NEEDED)
onnx = pytest.importorskip("onnx", reason=NEEDED)

from ocr.tagger.model import Tagger  # noqa: E402
from training.layout.batches import batch_of  # noqa: E402
from training.layout.export import export, probabilities_of, quantise, reliability, session_of  # noqa: E402
from training.layout.fit import Trainer, logits_of, loss_of, scores_of  # noqa: E402
from training.layout.net import Network  # noqa: E402
from training.layout.sample import draw_paper, draw_sample, read_paper, text_lines  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def network() -> Network:
    torch.set_num_threads(1)
    torch.manual_seed(3)
    made = Network()
    # The sweep starts without a say: give it one, so that the export has to hold it too.
    torch.nn.init.normal_(made.swept.weight, 0, 0.05)
    made.eval()
    return made


def test_a_receipt_is_scored_alike_alone_and_among_others(network: Network) -> None:
    samples = [draw_sample(seed) for seed in (2, 4, 6)]
    together = torch.cat([scores.roles for _, scores in logits_of(network, samples)])
    alone = torch.cat([logits_of(network, [sample])[0][1].roles for sample in samples])
    assert torch.allclose(together, alone, atol=1e-4)


def test_the_exported_file_gives_what_the_network_gives(network: Network, tmp_path: Path) -> None:
    exported, file = tmp_path / "float.onnx", tmp_path / "tagger.onnx"
    export(network, (1.0, 2.0, 1.0), exported)
    sample = draw_sample(8)
    ((_, scores),) = logits_of(network, [sample])
    roles, steps, sections = probabilities_of(session_of(exported), sample.features)
    assert np.allclose(roles, torch.softmax(scores.roles, 1), atol=1e-4)
    assert np.allclose(steps, torch.softmax(scores.steps / 2, 1), atol=1e-4)
    assert np.allclose(sections, torch.softmax(scores.sections, 1), atol=1e-4)
    quantise(exported, file)
    assert file.stat().st_size < exported.stat().st_size / 2
    paper = draw_paper(8)
    lines = text_lines(read_paper(paper, random.Random(9)))
    assert np.abs(Tagger(file).tag(lines).roles - roles).mean() < 0.02


def test_a_step_learns_and_a_resumed_training_goes_on_where_it_stopped(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path, 3600, seed=1)
    batch = batch_of([draw_sample(seed) for seed in (2, 4, 6, 8)])
    first = float(loss_of(scores_of(trainer.network, batch), batch))
    for _ in range(12):
        trainer._step(batch)
    assert float(loss_of(scores_of(trainer.network, batch), batch)) < first
    trainer.save()
    again = Trainer(tmp_path, 3600, seed=1)
    assert asdict(again.progress) == asdict(trainer.progress)
    for name, weight in trainer.network.state_dict().items():
        assert torch.equal(again.network.state_dict()[name], weight)


def test_reliability_compares_what_is_told_with_what_is_right(network: Network) -> None:
    told = reliability(network, [draw_sample(seed) for seed in (2, 4)], (1.0, 1.0, 1.0))
    for head in told.values():
        counts = [count for count, _, _ in head["bins"]]
        error = sum(count * abs(said - right) for count, said, right in head["bins"]) / sum(counts)
        assert head["expected_error"] == pytest.approx(error, abs=1e-4)
