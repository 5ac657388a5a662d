"""How the documentation is built: Markdown pages, whose examples are executed, and notebooks, which bring their output along."""

import json
import os
import re
import sys
import typing
from importlib.metadata import version as installed_version
from pathlib import Path

import podkit
import podkit.model

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

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
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


autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_use_ivar = True
default_role = "py:obj"  # what is in single backticks in a docstring is a name, and a link if it is a public one
suppress_warnings = ["ref.python"]

MORE = """
```{{toctree}}
:caption: More
:hidden:
:glob:

{}
```
"""
PLACED = re.compile(r"^(?:\.\./)*([a-z0-9_/-]+)$", re.MULTILINE)


def list_other_pages(app, name, source):
    """Add the pages and notebooks to the front page that no list names: they belong to parts that may be absent."""
    if name != "index":
        return
    named = {"index", *app.config.exclude_patterns}
    for page in (*Path(app.srcdir).glob("*.md"), *Path(app.srcdir).glob("*/*.md")):
        for tree in re.findall(r"^```\{toctree\}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL):
            for entry in PLACED.findall(tree):
                named |= {str(Path(page.relative_to(app.srcdir).parent, entry)), entry}
    others = [
        page
        for page in sorted(app.env.found_docs)
        if page not in named and not page.startswith(("reference/", "how-to/"))
    ]
    if others:
        source[0] += MORE.format("\n".join(others))


def list_the_model(_, name, source):
    """Write the page of all classes of the model, by their modules."""
    if name != "reference/objects":
        return
    modules = {}
    for cls in (getattr(podkit.model, name) for name in podkit.model.__all__):
        if isinstance(cls, type):
            modules.setdefault(cls.__module__, []).append(cls)
    for module, classes in modules.items():
        summary = (sys.modules[module].__doc__ or "").partition("\n")[0]
        source[0] += f"\n## {module}\n\n{summary}\n\n```{{eval-rst}}\n"
        source[0] += "".join(map(_directive, sorted(classes, key=lambda cls: cls.__name__)))
        source[0] += "```\n"

    source[0] += "\n## Closed sets\n\nTypes of fields that take one of a few texts.\n\n| Name | One of |\n|---|---|\n"
    for alias in podkit.model.__all__:
        if choices := typing.get_args(getattr(podkit.model, alias)):
            source[0] += f"| `{alias}` | {', '.join(f'`{choice}`' for choice in choices)} |\n"


def _directive(cls):
    ways = [name for name, value in vars(cls).items() if isinstance(value, classmethod) and not name.startswith("_")]
    members = f"   :members: {', '.join(ways)}\n" if ways else ""
    return f".. autoclass:: podkit.{cls.__name__}\n{members}\n"


def setup(app):
    """Hook in what Sphinx has no setting for."""
    app.connect("source-read", list_other_pages)
    app.connect("source-read", list_the_model)
