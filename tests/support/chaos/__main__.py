"""Break an installation under load, in rounds, and judge what it did: `make chaos`.

PYTHONPATH=tests:. python -m support.chaos --rounds 60 --seed 1 --mutations all

The seed is printed; with it a run can be had again. Exit code 1: a promise was broken, or a mutation
was not seen. Engines' logs of what went wrong are kept.
"""

import argparse
import asyncio
import secrets
import sys
import time
from pathlib import Path

from support.chaos import faults, mutations, rounds
from support.chaos.mutations import Mutation
from support.chaos.report import Report
from support.chaos.rounds import Block, Outcome
from support.chaos.world import Setup

BACKENDS = {"postgres": (False,), "kubernetes": (True,), "both": (False, True)}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m support.chaos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=40, help="of all blocks (%(default)s)")
    parser.add_argument(
        "--block", type=int, default=10, help="rounds an installation (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=None, help="of the first block; others follow")
    parser.add_argument("--election", choices=sorted(BACKENDS), default="both")
    parser.add_argument("--faults", default="", help="only these, with commas between them")
    parser.add_argument("--mutations", default="", help="some with commas between them, or all")
    parser.add_argument("--report", type=Path, help="a file for the report, besides the output")
    return parser


def _say(text: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


def _names(given: str) -> tuple[str, ...]:
    names = tuple(filter(None, given.split(",")))
    if unknown := set(names) - set(faults.FAULTS):
        known = ", ".join(sorted(faults.FAULTS))
        raise SystemExit(f"no fault {', '.join(sorted(unknown))}; known: {known}")
    return names


def _blocks(options: argparse.Namespace, seed: int) -> list[Block]:
    names, backends = _names(options.faults), BACKENDS[options.election]
    found: list[Block] = []
    left = options.rounds
    while left > 0:
        number = len(found)
        setup = Setup(seed=seed + number, is_kubernetes=backends[number % len(backends)])
        found.append(Block(setup=setup, rounds=min(left, options.block), names=names, tell=_say))
        left -= options.block
    return found


async def _run_block(block: Block) -> Outcome:
    backend = "the Lease" if block.setup.is_kubernetes else "PostgreSQL"
    _say(f"seed {block.setup.seed}: {block.rounds} rounds, election on {backend}")
    outcome = await rounds.run(block)
    _say(f"{outcome.verdict}" + (f"\nlogs: {outcome.logs}" if outcome.logs else ""))
    return outcome


async def _run_mutant(mutation: Mutation, seed: int) -> tuple[Mutation, Outcome]:
    _say(f"mutation {mutation.name or '(none)'}: {mutation.means}")
    outcome = await rounds.run(mutation.block(seed, _say))
    _say("as it should be" if mutation.is_caught(outcome) else f"NOT CAUGHT: {outcome.verdict}")
    return mutation, outcome


async def _run(options: argparse.Namespace, seed: int) -> Report:
    blocks = [await _run_block(block) for block in _blocks(options, seed)]
    chosen = mutations.chosen(options.mutations) if options.mutations else ()
    mutants = [await _run_mutant(mutation, seed) for mutation in chosen]
    return Report(seed=seed, blocks=blocks, mutants=mutants)


def main() -> int:
    """Run, report, and tell by the exit code whether all is well."""
    options = _parser().parse_args()
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    _say(f"seed {seed}")
    report = asyncio.run(_run(options, seed))
    text = report.markdown()
    sys.stdout.write("\n" + text)
    if options.report is not None:
        options.report.write_text(text)
    return 0 if report.is_well else 1


if __name__ == "__main__":
    sys.exit(main())
