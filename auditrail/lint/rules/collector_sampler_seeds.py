"""Samplers hash with different seeds.

Facts: probabilisticsamplerprocessor, README.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector, Component
from auditrail.lint.rule import Hit

ID = "collector-sampler-seeds"
TITLE = "Samplers hash with different seeds"
SEVERITY = "medium"
CONFIDENCE = "weak"
KINDS = ("collector",)
CAUSE = "sampling"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2", "ISO 42001 A.6.2.8")
EXPLAIN = (
    "probabilistic_sampler keeps a trace by a hash of its id with hash_seed. Collectors of one tier with "
    "different seeds keep different parts of one trace: runs come out torn. (Tiers behind one another need "
    "different seeds: then this finding is to be waived.)"
)
EXAMPLE = """# collector-a.yaml
probabilistic_sampler: {hash_seed: 22, sampling_percentage: 20}
# collector-b.yaml
probabilistic_sampler: {hash_seed: 23, sampling_percentage: 20}
"""
REMEDY = "the same hash_seed in all Collectors of a tier, or mode: equalizing, which needs none"
CAUSES_GAPS = ("missing-parent", "stream-sampled", "record-lost")
FORMATS = collector.FORMATS


def check(config: Collector, context: Context) -> Iterator[Hit]:
    """One hit for each sampler whose seed is not the first that was seen."""
    mine = list(_seeds(config))
    every = context.once(ID, lambda: [pair for other in context.configs("collector") for pair in _seeds(other)])
    if not mine or len({seed for _, seed in every}) < 2:
        return
    for sampler, seed in mine:
        if seed == every[0][1]:
            continue
        place = sampler.node.member("hash_seed") or sampler.member
        yield Hit(
            place.line, place.column,
            f"{sampler.id} hashes with seed {seed:g}, another sampler with {every[0][1]:g}: in one tier, traces break.",
            "the same hash_seed in each Collector of a tier", sampler.id, signals=("traces",),
        )  # fmt: skip


def _seeds(config: Collector) -> Iterator[tuple[Component, float]]:
    for sampler in config.used("processors", "probabilistic_sampler"):
        kept = values.number(sampler.node.at("sampling_percentage"))
        setting = sampler.node.at("hash_seed")
        seed = values.number(setting) if setting is not None else 0.0
        mode = values.text(sampler.node.at("mode")) or "hash_seed"
        known = mode == "hash_seed" and seed is not None and kept is not None and 0 < kept < 100
        if known and seed is not None and "traces" in sampler.signals():
            yield sampler, seed
