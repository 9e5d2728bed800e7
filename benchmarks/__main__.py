"""Run the benchmarks: `python -m benchmarks [TOPIC …] [--rounds 5] [--only TEXT] [--no-memory]`.

Topics named `…_large` take many minutes and run only when they are asked for.
"""

import argparse
import sys
from importlib import import_module
from pathlib import Path
from statistics import median

from benchmarks.contest import Contest, Frames, MissingDataError, fresh
from benchmarks.report import Outcome, Row, show, write
from benchmarks.timing import cpu_seconds, peak_mb, peak_mb_elsewhere, ratios, timed

SLOW_SECONDS = 10.0
"""A peer that takes longer is not run again: the run that compares the answers is its time."""


def main() -> int:
    """Run the topics that were asked for (all by default)."""
    known = sorted(
        path.stem for path in (Path(__file__).parent / "topics").glob("*.py") if path.stem[0] != "_"
    )
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    choice = f"of {', '.join(known)}; by default all but large ones"
    parser.add_argument("topics", nargs="*", help=choice)
    parser.add_argument("--rounds", type=int, default=5, help="runs of each contestant")
    parser.add_argument("--only", default="", help="contests whose name has this text")
    parser.add_argument("--no-memory", action="store_true", help="leave out the peak of memory")
    parser.add_argument("--memory", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory:
        topic, number, contestant = options.memory
        print(_peak(topic, int(number), contestant))
        return 0
    unknown = set(options.topics) - set(known)
    if unknown:
        parser.error(f"unknown topic: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    for topic in options.topics or [name for name in known if not name.endswith("_large")]:
        outcomes = []
        for number, contest in enumerate(_contests(topic)):
            if options.only not in contest.name:
                continue
            memory_of = None if options.no_memory else (topic, number)
            outcomes.append(outcome_of(contest, rounds=options.rounds, memory_of=memory_of))
            show(outcomes[-1])
            sys.stdout.flush()
        print(f"\n{write(topic, outcomes).relative_to(Path(__file__).parents[1]).as_posix()}")
    return 0


def _contests(topic: str) -> list[Contest]:
    found: list[Contest] = import_module(f"benchmarks.topics.{topic}").contests()
    return found


def outcome_of(contest: Contest, *, rounds: int, memory_of: tuple[str, int] | None) -> Outcome:
    """Run one contest; `memory_of` (topic, number) measures memory too."""
    try:
        frames = contest.load()
    except MissingDataError as error:
        return Outcome(contest=contest.name, note=contest.note, skipped=str(error))
    sizes = ", ".join(
        name if frame.empty else f"{len(frame):,} {name}" for name, frame in frames.items()
    )
    differences, scores, first = _answers(contest, frames)
    slow = {name: spent for name, spent in first.items() if spent > SLOW_SECONDS}
    taken = cpu_seconds(contest, frames, rounds=rounds, known=slow)
    (ours,) = contest.ours
    ratio = ratios(taken, ours)
    rows = [
        Row(
            contestant=name,
            is_ours=name == ours,
            cpu_seconds=times,
            median_seconds=median(times),
            ratio=ratio[name],
            peak_mb=None if memory_of is None else peak_mb_elsewhere(*memory_of, name),
            difference=differences.get(name, ""),
            recall=scores[name][0] if scores[name] else None,
            precision=scores[name][1] if scores[name] else None,
        )
        for name, times in taken.items()
    ]
    return Outcome(contest=f"{contest.name} ({sizes})", note=contest.note, rows=rows)


def _answers(
    contest: Contest, frames: Frames
) -> tuple[dict[str, str], dict[str, tuple[float, float] | None], dict[str, float]]:
    """Return how each peer's answer differs from ours, the scores of all, and the peers' seconds.

    This is the warm-up run.
    """
    ((own, run_ours),) = contest.ours.items()
    ours = run_ours(fresh(frames))
    differences, scores, spent = {}, {own: contest.score(ours)}, {}
    for name, run in contest.peers.items():
        answer, spent[name] = timed(run, frames)
        differences[name] = contest.difference(ours, answer)
        scores[name] = contest.score(answer)
    return differences, scores, spent


def _peak(topic: str, number: int, contestant: str) -> float:
    contest = _contests(topic)[number]
    return peak_mb(contest.contestants[contestant], contest.load())


if __name__ == "__main__":
    sys.exit(main())
