"""Sphinx's settings: `make docs` builds the site."""

project = "imageproc"
copyright = "the imageproc authors. Apache-2.0"  # noqa: A001 - Sphinx's name
extensions = ["myst_nb", "sphinx_copybutton"]
smartquotes = False  # options begin with two hyphens
html_theme = "furo"
html_title = "imageproc"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_theme_options = {"top_of_page_buttons": []}
myst_heading_anchors = 4
nb_execution_mode = "off"
"""The notebooks are run before, against a local AWS of their own."""

copybutton_prompt_text = "$ "
copybutton_exclude = ".linenos, .gp, .go"
nb_ipywidgets_js: dict[
    str, dict[str, str]
] = {}  # nothing is loaded from elsewhere: what widgets showed is HTML
suppress_warnings = [
    "misc.highlighting_failure",  # a console's output is no shell
    "mystnb.unknown_mime_type",  # what notebooks record for programs
]
