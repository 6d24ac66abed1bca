"""How much a run sends. Numbers of cases, never seconds: the same seed sends the same requests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """One size of run.

    Attributes:
        name: as given to `--profile`.
        rows: how many deployments a check of an answer's content asks for at most.
        every: of the systematic cases, each n-th goes to filter or paginate, in turn, besides
            count, which gets all; 1: all go to all three.
        supporting: of the supporting operations, each n-th is fuzzed, in turn by the seed.
        meaning_examples: random bodies per operation judged by the oracle.
        law_examples: random bodies per law.
        conformance_examples: random bodies per operation and kind of data (valid, invalid).
        refusal_share: of the constraints of the request bodies, the share (0 to 1) that is broken.
        lifecycle_runs: walks of the state machine.
        lifecycle_steps: steps of each walk.
        shrink_seconds: the longest that one failure is made smaller.
        crowd: how many deployments are made at once to see that answers hold as many as they may.
    """

    name: str
    rows: int
    every: int
    supporting: int
    meaning_examples: int
    law_examples: int
    conformance_examples: int
    refusal_share: float
    lifecycle_runs: int
    lifecycle_steps: int
    shrink_seconds: float
    crowd: int


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="quick",
            rows=2,
            every=4,
            supporting=3,
            meaning_examples=45,
            law_examples=6,
            conformance_examples=3,
            refusal_share=0.15,
            lifecycle_runs=1,
            lifecycle_steps=12,
            shrink_seconds=5,
            crowd=0,
        ),
        Profile(
            name="standard",
            rows=3,
            every=1,
            supporting=1,
            meaning_examples=500,
            law_examples=60,
            conformance_examples=15,
            refusal_share=1.0,
            lifecycle_runs=8,
            lifecycle_steps=25,
            shrink_seconds=10,
            crowd=203,
        ),
        Profile(
            name="deep",
            rows=10,
            every=1,
            supporting=1,
            meaning_examples=5000,
            law_examples=500,
            conformance_examples=300,
            refusal_share=1.0,
            lifecycle_runs=60,
            lifecycle_steps=40,
            shrink_seconds=30,
            crowd=403,
        ),
    )
}
