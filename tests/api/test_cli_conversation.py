"""braid ask --conversation."""

from __future__ import annotations

from cli_fixtures import Braid


def test_a_question_goes_on_with_the_one_before(filled: Braid) -> None:
    first = filled("ask", "How long is the warranty on seals?", "--conversation", "new")
    assert first.code == 0 and "two years" in first.out
    (line,) = [line for line in first.err.splitlines() if line.startswith("conversation: ")]
    id = line.removeprefix("conversation: ")
    then = filled("ask", "And when does it begin?", "--conversation", id, "--json").json
    assert then["conversation"] == id
    assert "from delivery" in then["answer"]["text"]


def test_one_that_is_not_there_is_refused(filled: Braid) -> None:
    said = filled.refused("ask", "And?", "--conversation", "nowhere", code=1)
    assert "no conversation" in said


def test_nothing_is_kept_unless_it_is_asked_for(filled: Braid) -> None:
    said = filled("ask", "How long is the warranty on seals?", "--json")
    assert "conversation" not in said.json
