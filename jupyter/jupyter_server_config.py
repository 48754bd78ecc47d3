"""How `imageproc lab` starts JupyterLab: on the first notebook of the folder that it is started in.

The settings of the user stay as they are.
"""

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - given by traitlets

c.LabApp.default_url = "/lab/tree/01_deploy.ipynb"
# What kernel and server tell each other is encrypted where the platform can.
c.KernelManager.transport_encryption = "auto"
# A page of another origin is refused even if it knows the token.
c.ServerApp.identity_provider_class = "imageproc.cli.jupyter_access.OwnOriginProvider"
