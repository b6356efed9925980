"""The page about clusters: the manifest has what KubeRay knows, and the script is one."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from typing import Any

import jsonschema
import pytest
import yaml

from tests import ROOT

PAGE = (ROOT / "docs" / "cluster.md").read_text()
SCHEMA = json.loads(gzip.decompress((ROOT / "tests" / "docs" / "rayjob.schema.json.gz").read_bytes()))
"""The schema of ``v1`` in ``helm-chart/kuberay-operator/crds/ray.io_rayjobs.yaml`` of github.com/ray-project/kuberay,
commit feeaf72facab (Apache-2.0), without descriptions; objects with properties allow no others."""


def manifest() -> Any:
    found = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return yaml.safe_load(found[1])


def test_the_manifest_fits_the_schema() -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(manifest())


def test_a_slip_in_the_manifest_is_found() -> None:
    wrong = manifest()
    group = wrong["spec"]["rayClusterSpec"]["workerGroupSpecs"][0]
    group["replica"] = group.pop("replicas")
    with pytest.raises(jsonschema.ValidationError, match="replica"):
        jsonschema.Draft202012Validator(SCHEMA).validate(wrong)


def test_the_scripts_are_scripts_of_a_shell() -> None:
    scripts = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    assert len(scripts) == 1
    shell = shutil.which("bash")
    if shell is None:
        pytest.skip("there is no bash")
    subprocess.run([shell, "-n"], input=scripts[0], text=True, check=True)
