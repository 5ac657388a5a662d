"""How the documentation is built: Markdown pages, whose examples are executed, and notebooks, which bring their output along."""

import json
import os
from importlib.metadata import version as installed_version
from pathlib import Path

# what kernels write beside their output must not end up in the home of whoever builds
SCRATCH = Path(__file__).parent / "_build" / "jupyter"
for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
    os.environ[name] = str(SCRATCH / name.lower())
# a kernel warns that it talks over loopback in the clear
PROFILE = SCRATCH / "ipythondir" / "profile_default"
PROFILE.mkdir(parents=True, exist_ok=True)
PROFILE.joinpath("ipython_kernel_config.json").write_text(json.dumps({"IPKernelApp": {"log_level": 40}}))

project = "podkit"
copyright = "the podkit maintainers"
version = release = installed_version("podkit")

extensions = ["myst_nb"]
exclude_patterns = ["_build", "jupyter_execute", "examples", "**.ipynb_checkpoints"]

# the build needs no Podman: pages are executed, notebooks are shown with the output that they bring along
nb_execution_mode = "auto"
nb_execution_excludepatterns = ["notebooks/*"]
nb_execution_raise_on_error = True
nb_execution_timeout = 120
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "podkit"
html_show_sphinx = False


NOTEBOOKS = """
```{toctree}
:caption: Notebooks
:glob:

notebooks/*
```
"""


def list_notebooks(app, name, source):
    """Add the notebooks to the front page if there are any: Sphinx warns of a pattern that matches nothing."""
    if name == "index" and any(Path(app.srcdir, "notebooks").glob("*.ipynb")):
        source[0] += NOTEBOOKS


def setup(app):
    """Hook in what Sphinx has no setting for."""
    app.connect("source-read", list_notebooks)
