"""What other rooms use of stages and of the gate: `eval.pipeline.stages`."""

from __future__ import annotations

from eval.questions import is_judged
from eval.stages.baseline import Baseline, baseline_json, read_baseline
from eval.stages.compare import Options, Rerun, compare_runs
from eval.stages.gate import TOLERANCE, GateResult, retrieval_measures
from eval.stages.health import Health, health_of
from eval.stages.holding import located
from eval.stages.parse_gate import compare_parsed, read_parsed
from eval.stages.told import gate_json, gate_lines
from eval.stages.trace import stage_lines, trace_documents, trace_question

__all__ = [
    "TOLERANCE",
    "Baseline",
    "GateResult",
    "Health",
    "Options",
    "Rerun",
    "baseline_json",
    "compare_parsed",
    "compare_runs",
    "gate_json",
    "gate_lines",
    "health_of",
    "is_judged",
    "located",
    "read_baseline",
    "read_parsed",
    "retrieval_measures",
    "stage_lines",
    "trace_documents",
    "trace_question",
]
