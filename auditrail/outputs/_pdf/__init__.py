"""Documents as PDF: tagged for screen readers (PDF/UA-1), the same bytes for the same values, made without a network.

- `report`: an overview of a period -> report.pdf. ONE MODULE = ONE DOCUMENT, each with `render(...) -> bytes`.
- `blocks`: what documents are made of: headings, tables, findings, charts; pure data.
- `strips`: the bars and the cells of charts as SVG.
- `setting`: sets a document by Typst; `templates/` is how blocks look; `glyphs`: which characters the fonts hold.

How a value from a log stays a text: documents go to Typst as JSON, never as markup; before, every string in one place
(`setting`) loses what acts or is invisible, is cut to a bound, and keeps no character that the fonts cannot show.
Only the fonts that come with Typst are used, and no date stands in a file: machines do not differ.
"""
