"""How the pages are built: ``make docs`` writes them to ``build/docs``."""

project = "Maltu"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "Maltu"
html_show_copyright = False
html_copy_source = False
myst_heading_anchors = 4
# Links out of the pages lead to the source, which is not built.
suppress_warnings = ["myst.xref_missing"]
