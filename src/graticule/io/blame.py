"""Whose fault it is that a file cannot be read: the file's, the disk's, a library's or our own."""

from __future__ import annotations

import errno
import gzip
import lzma
import re
import struct
import zipfile
import zlib
from pathlib import Path
from types import ModuleType

from graticule.core.errors import FormatError, UnsafeFileError

_OURS = str(Path(__file__).parents[1])
_DISK = {
    errno.EIO: ("the disk or the network failed while it was read", "try again, or copy it first"),
    errno.ESTALE: ("changed place on its network disk while it was read", "try again"),
    errno.ETIMEDOUT: ("its network disk does not answer", "try again, or copy it first"),
    errno.ENOSPC: ("the disk is full", "make room on the disk"),
    errno.EDQUOT: ("the disk has no room left for you", "make room on the disk"),
    errno.EROFS: ("the disk can only be read", "write elsewhere"),
    errno.EMFILE: ("too many files are open", "raise the limit, as by ulimit -n 4096"),
    errno.ENFILE: ("too many files are open on this machine", "close other programs"),
    errno.EAGAIN: ("is locked by another program", "close it there, or wait until it is written"),
    errno.ENAMETOOLONG: ("has a name that is too long", "shorten it"),
    errno.ELOOP: ("is a link that leads in a circle", "remove the link"),
    errno.ENXIO: ("is a device or pipe that gives nothing", "name a file"),
}
_DAMAGE = (struct.error, zlib.error, lzma.LZMAError, gzip.BadGzipFile, zipfile.BadZipFile,
           EOFError, RecursionError)  # fmt: skip
_DECODERS = ("imagecodecs", "tifffile", "PIL")
"""Packages whose own exceptions tell of bytes that cannot be decoded."""
_CARDS = (
    "VerifyError",
    "JSONDecodeError",
    "ParseError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
)
_PACKAGE = re.compile(r"requires? (?:the )?'?(\w+)'? (?:package|module)")
_PLUGIN = re.compile(
    r"required filter|codec not available|decoder \w+ not available|no codec available|"
    r"can't open directory", re.I
)  # fmt: skip
_UNSUPPORTED = re.compile(
    r"not (?:yet )?(?:supported|implemented)|unsupported|not a valid (?:COMPRESSION|PHOTOMETRIC)|"
    r"unknown (?:codec|compression|filter|format)|is encrypted", re.I
)  # fmt: skip
_DAMAGED = re.compile(
    r"truncated|corrupt|broken|checksum|\bcrc\b|end of file|end-of-stream|ended before", re.I
)
_ODD = (KeyError, IndexError, TypeError, AttributeError, ValueError, ArithmeticError)
_CALLS = re.compile(r"unexpected keyword|positional argument|required (?:keyword-only )?argument")


def blame(error: Exception) -> FormatError:
    """Return in the words of Graticule what a library raised over a file.

    Parsers fail on damaged bytes with any exception they happen to meet, so of one that says
    nothing of its cause only the library is named.

    Examples
    --------
    >>> blame(EOFError("Compressed file ended")).what
    'is damaged or cut short (EOFError: Compressed file ended)'
    >>> blame(NotImplementedError("JPEG XR is not supported")).what
    'is of a kind that is not supported (NotImplementedError: JPEG XR is not supported)'
    """
    detail = _in_words(error)
    missing = _missing_package(error)
    if isinstance(error, OSError) and (known := _of_disk(error)):
        return FormatError(known[0], hint=known[1])
    if isinstance(error, MemoryError):
        return UnsafeFileError("asks for more memory than there is")
    if missing:
        return FormatError(f"needs a decoder that is not installed ({detail})", hint=missing)
    if isinstance(error, NotImplementedError) or _UNSUPPORTED.search(str(error)):
        return FormatError(
            f"is of a kind that is not supported ({detail})", hint="convert it to plain TIFF or PNG"
        )
    if type(error).__name__ in _CARDS or (isinstance(error, _ODD) and not _raised_by(error)):
        return FormatError(
            f"says something of itself that is not understood ({detail})",
            hint="export it again; if other programs open it, report it",
        )
    package = type(error).__module__.partition(".")[0]
    if isinstance(error, _DAMAGE) or package in _DECODERS or _DAMAGED.search(str(error)):
        return FormatError(
            f"is damaged or cut short ({detail})", hint="fetch or export the file again"
        )
    library = _raised_by(error)
    by = f" by {library}" if library else ""
    return FormatError(
        f"cannot be read{by} ({detail})",
        hint="it may be damaged: fetch or export it again; if other programs open it, report it",
    )


def is_our_fault(error: Exception) -> bool:
    """Whether an exception tells of a fault of Graticule, and nothing of the file.

    Only what no content of a file can cause counts: a name that is not there, a call with wrong
    arguments, an assertion of ours, an attribute that a module or an object of ours lacks.
    """
    if _raised_by(error):
        return False
    if isinstance(error, (NameError, AssertionError)):
        return True
    if isinstance(error, ImportError):
        return (error.name or "").partition(".")[0] == "graticule"
    if isinstance(error, AttributeError):
        is_module = isinstance(error.obj, ModuleType)
        return is_module or type(error.obj).__module__.startswith("graticule.")
    return isinstance(error, TypeError) and bool(_CALLS.search(str(error)))


def _in_words(error: Exception) -> str:
    reason = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {reason}" if reason else type(error).__name__


def _of_disk(error: OSError) -> tuple[str, str] | None:
    if isinstance(error, PermissionError):
        return "may not be read", "ask its owner for the right to read it"
    if isinstance(error, FileNotFoundError):
        return "is no longer there: it was moved or removed while it was read", ""
    if isinstance(error, IsADirectoryError):
        return "is a folder where a file was expected", ""
    return _DISK.get(error.errno or 0)


def _missing_package(error: Exception) -> str:
    """Return what to install; empty where nothing is said to be missing."""
    if isinstance(error, ImportError):
        return f"pip install {error.name.partition('.')[0]}" if error.name else "install it"
    named = _PACKAGE.search(str(error))
    if named:
        return f"pip install {named[1]}"
    if _PLUGIN.search(str(error)):
        hdf5 = "filter" in str(error) or "plugin" in str(error)
        return "pip install hdf5plugin" if hdf5 else "install the package that has the decoder"
    return ""


def _raised_by(error: Exception) -> str:
    """Return the library in which an exception was raised; empty of Graticule and of C alone."""
    trace = error.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    file = trace.tb_frame.f_code.co_filename
    if file.startswith(_OURS):
        return ""
    return str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
