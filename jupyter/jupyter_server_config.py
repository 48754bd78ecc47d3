"""How `make lab` starts JupyterLab: in this checkout, on the first notebook.

The settings of the user stay as they are.
"""

from pathlib import Path

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - given by traitlets

c.ServerApp.root_dir = str(Path(__file__).parents[1])
c.LabApp.default_url = "/lab/tree/notebooks/01_deploy.ipynb"
# What kernel and server tell each other is encrypted where the platform can.
c.KernelManager.transport_encryption = "auto"
# A page of another origin is refused even if it knows the token.
c.ServerApp.identity_provider_class = "imageproc.cli.jupyter_access.OwnOriginProvider"
