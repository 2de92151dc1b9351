"""`python -m dev.trial`, which `make dev` calls."""

import asyncio
import sys

from dev.trial import console, leftovers
from dev.trial.errors import TrialError
from dev.trial.options import Options, parse
from dev.trial.state import State, locked
from dev.trial.trial import Trial


def main() -> int:
    """Run, or reset, and turn an error into its message."""
    options = parse()
    state = State(options.folder)
    try:
        return _reset(state, options) if options.reset else _run(state, options)
    except TrialError as error:
        console.complain(f"\n{error}")
        return 1
    except OSError as error:
        console.complain(f"\n{state.folder} cannot be used: {error}")
        return 1


def _run(state: State, options: Options) -> int:
    state.create()
    with locked(state):
        console.opening(state.folder)
        return asyncio.run(Trial(state, options).run())


def _reset(state: State, options: Options) -> int:
    if not state.folder.exists():
        console.say(f"{state.folder} does not exist: there is nothing to reset.")
        return 0
    with locked(state):
        console.say(f"This deletes {state.folder.resolve()} for good:")
        console.say("  the database with every user, agent, conversation and stored secret,")
        console.say("  the keys, without which a copy of that database cannot be read,")
        console.say("  the logs.")
        if not options.yes and not _confirmed():
            console.say("Nothing was deleted.")
            return 1
        for found in leftovers.stop(state):
            console.say(f"  A killed run had left {found} behind: stopped.")
        state.delete()
    console.say("Deleted. `make dev` starts anew.")
    return 0


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        raise TrialError("There is no terminal to ask on: add --yes to delete without asking.")
    return input("Type yes to delete it: ").strip().lower() == "yes"


if __name__ == "__main__":
    sys.exit(main())
