"""Rates and times, as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from planrace.checker.run.rates import OF_FAULTS, USUAL, rate_of, rates_file, rates_for, seconds_of
from planrace.model.language import ModelError
from planrace.properties.dns import original


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90.0),
        (90, 90.0),
        ("24h", 86_400.0),
        ("1.5 min", 90.0),
        ("250ms", 0.25),
        ("d", 86_400.0),
        ("2w", 1_209_600.0),
    ],
)
def test_times(text: str | float, seconds: float) -> None:
    assert seconds_of(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("0.5", 0.5), (2, 2.0), ("2/min", 1 / 30), ("1/30s", 1 / 30), ("0", 0.0), ("3/d", 3 / 86_400), ("1/90", 1 / 90)],
)
def test_rates(text: str | float, rate: float) -> None:
    assert rate_of(text) == pytest.approx(rate)


@pytest.mark.parametrize("text", ["", "soon", "-1", "1/0s", "nan", "inf", "1/2/3", "1e300", True, "2/month", None])
def test_what_is_no_rate_is_refused(text: object) -> None:
    with pytest.raises(ModelError, match=r"is not a rate \(write events per time"):
        rate_of(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "0", "-3s", "nan", "5 years", "1e300h", True])
def test_what_is_no_time_is_refused(text: object) -> None:
    with pytest.raises(ModelError, match=r"is not a time \(write a number of ms, s, min"):
        seconds_of(text)  # type: ignore[arg-type]


def test_actions_without_a_rate_have_an_invented_one() -> None:
    found = {r.action: r for r in rates_for(original.system(["crash"]), {"publish": "1/30s"})}
    assert found["publish"].given
    assert found["publish"].per_second == pytest.approx(1 / 30)
    assert not found["pick_up"].given
    assert found["pick_up"].per_second == USUAL
    assert not found["crash"].given
    assert found["crash"].per_second == OF_FAULTS
    with pytest.raises(ModelError, match=r"no action of original is called 'publsh' \(did you mean publish"):
        rates_for(original.system(), {"publsh": 1})


def test_a_file_of_rates(tmp_path: Path) -> None:
    file = tmp_path / "rates.toml"
    file.write_text('[rates]\npublish = "1/30s"\ncrash = 0.001\n', encoding="utf-8")
    assert rates_file(file) == {"publish": "1/30s", "crash": 0.001}
    file.write_text('[rates]\npublish = "soon"\n', encoding="utf-8")
    with pytest.raises(ModelError, match=r"rates.toml: rate of publish: 'soon' is not a rate"):
        rates_file(file)
    for text in ("publish = 1", "[rates]\n[more]", "rates = 3", "[rates"):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ModelError, match=r"write \[rates\] and lines such as"):
            rates_file(file)
    with pytest.raises(ModelError, match="has no rates"):
        rates_file(tmp_path / "missing.toml")
