#!/bin/sh
# Pins the requirements for all platforms and Python versions. Requirement files are the lock because they
# carry hashes and no download addresses.
set -eu
cd "$(dirname "$0")/.."
python=3.11
compile() {
    uv pip compile --quiet --universal --python-version "$python" --generate-hashes --no-header --no-annotate "$@"
}
workbench="pyproject.toml --extra local --extra recognition --extra workbench --extra demo"
# shellcheck disable=SC2086
compile $workbench --group build -o requirements/workbench.txt
# shellcheck disable=SC2086
compile $workbench --group dev -c requirements/workbench.txt -o requirements/dev.txt
compile --group lambda -c requirements/workbench.txt -o requirements/lambda.txt
# For Lambda alone, whose Pythons these are: else NumPy would be there twice.
python=3.13
compile --group embedding --no-deps -c requirements/workbench.txt -o requirements/embedding.txt
python=3.11
compile --group security -o requirements/security.txt
compile --group awscli -o requirements/awscli.txt
compile --group docs -o requirements/docs.txt
