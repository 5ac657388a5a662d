"""Pictures of objects, for notebooks: HTML and SVG of what the rooms below have as data.

Everything here is a function from plain objects to text; nothing asks a cluster, but for the picture of the cluster itself. Text
from objects comes into a page by `podkit.display.markup.tag` only, which escapes it. Colours follow the theme of the notebook
(`podkit.display.style`). Values of Secrets are shown nowhere.

Nobody has to call this: notebooks do, through ``_repr_html_`` of objects, of lists that verbs of a cluster return, of clusters
and of rollouts. `html` and `svg` are for pages and files of one's own.
"""

from podkit.display.painter import html, svg

__all__ = ["html", "svg"]
