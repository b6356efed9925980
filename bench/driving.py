"""How many steps a second a covering test performs, beside the driver's own time.

    python bench/driving.py

Prints steps, resets, tried refusals, and the steps a second without the time to plan and the time inside the driver.
"""

from __future__ import annotations

from pathlib import Path

from planrace import cover

EXAMPLES = Path(__file__).parents[1] / "examples"
CASES = [
    ("lease.py:fixed", "driving/lease_driver.py:Driver", {"leases": 3}, ()),
    ("lease.py:fixed", "driving/lease_driver.py:Driver", {"leases": 4}, ("crash",)),
]


def main() -> None:
    for protocol, driver, sizes, faults in CASES:
        found = cover(f"{EXAMPLES}/{protocol}", f"{EXAMPLES}/{driver}", sizes, faults=faults)
        assert found
        calls = found.steps + found.resets + found.refusals
        print(
            f"{protocol} {sizes} {' '.join(faults)}: {found.states} states, {found.performed} transitions, "
            f"{found.steps} steps, {found.resets} resets, {found.refusals} refusals; {found.planning_seconds:.2f} s to "
            f"plan, {found.driver_seconds:.2f} s in the driver, {found.beside_seconds:.2f} s beside it: "
            f"{calls / found.beside_seconds:,.0f} calls/s, {found.steps / found.beside_seconds:,.0f} steps/s"
        )


if __name__ == "__main__":
    main()
