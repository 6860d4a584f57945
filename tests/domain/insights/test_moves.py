"""Of moves between groups, those of few can't be had from what is told, and few others go with them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.insights.guard.moves import Move, WithheldMoves, withheld_moves
from domain.insights.guard.partition import Share, withheld_rows
from tests.domain.insights import attacker

K = 5
STAGES = ("aware", "considering", "buying", "loyal")
OUTSIDE = "outside"
COUNTS = st.sampled_from((0, 0, 0, 1, 2, 3, 4, 5, 6, 9, 14, 40))


@st.composite
def tables(draw: st.DrawFn) -> dict[Move, int]:
    pairs = [(was, became) for was in (OUTSIDE, *STAGES) for became in STAGES]
    return {pair: count for pair in pairs if (count := draw(COUNTS))}


def size(moves: dict[Move, int], side: int, name: str) -> int:
    return sum(count for move, count in moves.items() if move[side] == name)


def told(moves: dict[Move, int], hidden: WithheldMoves | None) -> tuple[attacker.Matrix, attacker.Matrix]:
    """What an attacker has: sizes that are told, then and now, and the moves that are; or the sizes alone."""
    places = {pair: place for place, pair in enumerate(atoms(moves))}
    # Sizes before are told with the moves of then, all of them sizes after.
    before = withheld_rows([Share(size(moves, 0, stage)) for stage in STAGES], K)
    closed = {stage for stage, why in zip(STAGES, before, strict=True) if why}
    after = withheld_moves(moves, STAGES, STAGES, K).after
    sets = [list(places.values())]
    sets += [
        [at for (one, _), at in places.items() if one == was]
        for was in (OUTSIDE, *STAGES)
        if was not in closed
    ]
    sets += [
        [at for (_, one), at in places.items() if one == stage] for stage in STAGES if stage not in after
    ]
    if hidden is not None:
        sets += [[at] for pair, at in places.items() if pair not in hidden.moves]
    figures = [sum(moves.get(atoms(moves)[at], 0) for at in members) for members in sets]
    return attacker.as_rows(sets, len(places)), np.array(figures, float)


def atoms(moves: dict[Move, int]) -> list[Move]:
    return [
        (was, became) for was in sorted({m[0] for m in moves}) for became in sorted({m[1] for m in moves})
    ]


@settings(max_examples=40)
@given(tables())
def test_a_move_of_few_may_be_of_more_or_of_none_for_all_that_is_told(moves: dict[Move, int]) -> None:
    hidden = withheld_moves(moves, STAGES, STAGES, K)
    pairs = atoms(moves)
    answers, sums = told(moves, hidden), told(moves, None)
    for pair, count in moves.items():
        if count < K:
            assert hidden.moves[pair] == "too_few_shoppers"
            wanted = attacker.as_rows([[pairs.index(pair)]], len(pairs))[0]
            least, most = attacker.bounds(*answers, wanted)
            lowest, highest = attacker.bounds(*sums, wanted)
            # As far as sizes alone leave open, which are told whatever becomes of the moves.
            assert most >= min(count + K, highest) - attacker.SMALL, pair
            assert least <= max(count - K, lowest, 0) + attacker.SMALL, pair
    for stage in hidden.after:
        if 0 < (count := size(moves, 1, stage)) < K:
            wanted = attacker.as_rows(
                [[at for at, pair in enumerate(pairs) if pair[1] == stage]], len(pairs)
            )[0]
            most = attacker.bounds(*answers, wanted)[1]
            assert most >= min(count + K, attacker.bounds(*sums, wanted)[1]) - attacker.SMALL, stage


def test_a_group_that_few_leave_does_not_withhold_every_move() -> None:
    # Nobody left the loyal, so no two moves out of them could be taken for each other: an empty one is now.
    moves = {
        ("aware", "aware"): 800,
        ("aware", "considering"): 120,
        ("considering", "considering"): 200,
        ("considering", "buying"): 30,
        ("buying", "buying"): 30,
        ("buying", "loyal"): 3,
        ("loyal", "loyal"): 50,
    }
    hidden = withheld_moves(moves, STAGES, STAGES, K)
    assert not hidden.after
    assert hidden.moves["buying", "loyal"] == "too_few_shoppers"
    assert len(moves.keys() - hidden.moves.keys()) >= 3
    assert hidden.moves.keys() - moves.keys(), "an empty one is withheld with it"


def test_where_no_move_is_of_few_none_is_withheld() -> None:
    moves = {("aware", "aware"): 9, ("aware", "buying"): 5, ("buying", "aware"): 7}
    hidden = withheld_moves(moves, STAGES, STAGES, K)
    assert (dict(hidden.moves), dict(hidden.after)) == ({}, {})
