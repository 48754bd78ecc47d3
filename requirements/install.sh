#!/bin/sh
# Installs into an environment: sh requirements/install.sh PYTHON ARGUMENT... (of `pip install`)
# uv takes a fifth of pip's time. It does not know pip's settings: where they name an index, pip installs, and
# where there is no uv for a platform, or it fails, behind a proxy for example. Modules are compiled when they
# are first imported: most never are.
set -eu
python=$1
shift
uv=$(dirname "$0")/../.venv/bin/uv
if [ -x "$uv" ] && ! "$python" -m pip config list | grep -Eq "(^|[.])(index-url|no-index)="; then
    "$uv" pip install --quiet --system-certs --python "$python" "$@" && exit
    echo "uv failed: pip tries." >&2
fi
exec "$python" -m pip install --quiet --disable-pip-version-check --no-compile "$@"
