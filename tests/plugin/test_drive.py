"""The fixture ``drive``, in runs of pytest of its own."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]


def test_right_code_passes_and_is_counted(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from tests.drive.gate import Driver, protocol

        def test_all(drive):
            assert drive(protocol, Driver).total == 36

        def test_pairs_of_three(drive):
            report = drive(protocol, Driver, doors=3, criterion="outcomes")
            assert report.system.parameters == {"doors": 3}
        """
    )
    result = project.runpytest_inprocess("--junit-xml=found.xml")
    result.assert_outcomes(passed=2)
    assert 'name="planrace-covered-gate" value="36 of 36 transitions"' in (project.path / "found.xml").read_text()
    result.stdout.fnmatch_lines(
        ["*model checks*", "holds*gate: 36 of 36 transitions of the model were performed on your code"]
    )


def test_a_difference_fails_with_both_sides_and_no_python(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from tests.drive.gate import Driver, protocol
        from tests.drive.test_cover import Misnaming

        class Wrong(Driver):
            made = Misnaming

        def test_it(drive):
            drive(protocol, Wrong)
        """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "drive: the code and the model differ",
            "*At turn(*): the model ends the step as jammed; the code ends the step as opened.",
            "*the code and the model differ",
            "html: *.model-check*gate-driven.html",
            "to perform everything again: pytest *::test_it",
        ]
    )
    assert "Traceback" not in result.stdout.str()
    assert "(exit 1)" not in result.stdout.str()


def test_less_than_was_asked_for_fails(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        from tests.drive.gate import Driver, protocol

        def test_steps(drive):
            drive(protocol, Driver, max_steps=5)

        def test_a_part_is_enough(drive):
            drive(protocol, Driver, max_steps=12, at_least=10)

        @pytest.mark.model_check(states=3)
        def test_the_budget_of_states(drive):
            drive(protocol, Driver)
        """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=2, passed=1)
    result.stdout.fnmatch_lines(["drive: less was performed than asked for", "*more than 3 states, too many to cover*"])


def test_wrong_keywords_name_the_line_and_what_was_meant(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from tests.drive.gate import Driver, protocol

        def test_size(drive):
            drive(protocol, Driver, dors=3)

        def test_setting(drive):
            drive(protocol, Driver, criteria="pairs")
        """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["*py:4: drive has no keyword 'dors'*did you mean doors?*", "*drive has no keyword 'criteria'*criterion*"]
    )
