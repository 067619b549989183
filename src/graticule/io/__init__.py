"""Images in and out of files: one file per format in `graticule.io.formats`."""

from graticule.io.contents import Content, contents
from graticule.io.escaping import escaped, unescaped
from graticule.io.format import Format
from graticule.io.hashing import content_hash
from graticule.io.reading import levels, read
from graticule.io.studies import Study, StudyImage, study
from graticule.io.writing import write

__all__ = [
    "Content",
    "Format",
    "Study",
    "StudyImage",
    "content_hash",
    "contents",
    "escaped",
    "levels",
    "read",
    "study",
    "unescaped",
    "write",
]
