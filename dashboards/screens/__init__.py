"""One module a page, with ``show(settings)``.

Not named pages: Streamlit runs the files of a folder of that name by itself.
"""
