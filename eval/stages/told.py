"""What the gate found, for people and for programs."""

from __future__ import annotations

from typing import Any

from eval.contract import Stage
from eval.stages.falls import Fall, by_stage
from eval.stages.gate import GateResult, sentence

EXAMPLES = 3


def gate_lines(result: GateResult, shown: int = EXAMPLES) -> list[str]:
    """The measures beside the baseline's, the stages that lost something with examples, and the
    verdict last."""
    width = max(16, *(len(row.difference.measure) + 2 for row in result.judged))
    lines = [f"{'measure':{width}}{'before':>9}{'now':>9}{'change':>9}   95% interval          p"]
    for row in result.judged:
        found = row.difference
        lines.append(
            f"{found.measure:{width}}{found.left_mean:>9.4f}{found.right_mean:>9.4f}"
            f"{found.difference:>+9.4f}   [{found.low:+.4f}, {found.high:+.4f}]   "
            f"{row.p_value:.4f}{'   FELL' if row.fell else ''}"
        )
    if result.speed is not None and result.speed.before_ms:
        speed = result.speed
        lines.append(
            f"{'median ms':{width}}{speed.before_ms:>9.1f}{speed.now_ms:>9.1f}"
            f"{'   SLOWER' if speed.is_over else ''}"
        )
    lines += _examples(result, shown)
    lines += [f"note: {note}" for note in result.notes]
    return [*lines, sentence(result)]


def gate_json(result: GateResult) -> dict[str, Any]:
    """The same as JSON values, with every question and thing that got worse."""
    speed = result.speed
    return {
        "passed": result.passed,
        "verdict": sentence(result),
        "stage": result.stage.value if result.stage else None,
        "name": result.name,
        "measures": {
            row.difference.measure: {
                "before": row.difference.left_mean,
                "now": row.difference.right_mean,
                "difference": row.difference.difference,
                "low": row.difference.low,
                "high": row.difference.high,
                "p": row.p_value,
                "fell": row.fell,
                "sure": row.sure,
            }
            for row in result.judged
        },
        "stages": {stage.value: len(falls) for stage, falls in by_stage(result.falls).items()},
        "worse": [_fall_json(fall) for fall in result.falls],
        "things": [{"stage": thing.stage.value, "text": thing.text} for thing in result.things],
        "speed": None
        if speed is None
        else {"before_ms": speed.before_ms, "now_ms": speed.now_ms, "too_slow": speed.is_over},
        "notes": list(result.notes),
    }


def _fall_json(fall: Fall) -> dict[str, Any]:
    return {
        "id": fall.query_id,
        "text": fall.text,
        "stage": fall.stage.value if fall.stage else None,
        "before": dict(fall.before),
        "now": dict(fall.now),
        "detail": fall.detail,
    }


def _examples(result: GateResult, shown: int) -> list[str]:
    lines = []
    for stage, falls in by_stage(result.falls).items():
        lines.append(f"{stage.value}: {len(falls)} of {len(result.falls)} questions got worse")
        lines += [
            f"  {fall.query_id}: {' '.join(fall.text.split())} ({fall.detail})"
            for fall in falls[:shown]
        ]
    for stage in Stage:
        texts = [thing.text for thing in result.things if thing.stage is stage]
        if not texts:
            continue
        lines.append(f"{stage.value}: {len(texts)} of {len(result.things)} things got worse")
        lines += [f"  {text}" for text in texts[:shown]]
    return lines
