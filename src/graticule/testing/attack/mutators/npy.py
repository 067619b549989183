"""NumPy's files damaged by their header and, of an NPZ, by the fields of the ZIP around it."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np

from graticule.testing.attack.damage import HOSTILE
from graticule.testing.attack.mutator import Draw, Files, Mutator, Way

_KEYS = (b"'descr'", b"'fortran_order'", b"'shape'")
_DTYPES = (b"'|O'", b"'<f8'", b"'>c16'", b"'|V9'", b"'<U99999999'", b"'<M8[ns]'", b"''", b"'<f3'",
           b"[('a', '<f4'), ('b', '|O')]", b"[[[[", b"'|b1'", b"None", b"'<f4' * 9", b"{}", b"'<g'",
           b"('<f4', (2, 3))", b"[('a', [('b', '<f4', (99999999,))])]")  # fmt: skip
_TEXTS = (b" " * 9900, b" = " + b" " * 9900, b"(" * 9000, b"[" * 9000, b"-" * 9000, b"\xff" * 100,
          b"9" * 9000, b"1," * 4500, b"\0" * 64, b"")  # fmt: skip


def _parts(content: bytes) -> tuple[bytes, bytes, bytes]:
    """Return version, header and values of an NPY."""
    size = 2 if content[6] == 1 else 4
    length = int.from_bytes(content[8 : 8 + size], "little")
    return content[6:8], content[8 + size :][:length], content[8 + size + length :]


def _joined(version: bytes, header: bytes, values: bytes) -> bytes:
    size = 2 if version[:1] == b"\1" else 4
    length = min(len(header), (1 << 8 * size) - 1).to_bytes(size, "little")
    return b"\x93NUMPY" + version + length + header + values


def _shape(draw: Draw) -> bytes:
    sizes = [str(draw.choice(HOSTILE)).encode() for _ in range(draw.randint(1, 4))]
    return b"(" + b", ".join(sizes) + b",)"


def _header(draw: Draw, content: bytes) -> bytes:
    """Put something else into one field of the header after the other."""
    version, header, values = _parts(content)
    field = draw.turn(("descr", "shape", "order", "text", "key", "version", "length"))
    if field == "descr":
        before, _, after = header.partition(b"'descr': ")
        header = before + b"'descr': " + draw.turn(_DTYPES) + after[after.find(b", 'fort") :]
    elif field == "shape":
        before, _, after = header.partition(b"'shape': ")
        header = before + b"'shape': " + _shape(draw) + after[after.find(b"), }") + 1 :]
    elif field == "order":
        header = header.replace(b"False", draw.choice((b"True", b"0", b"None", b"()")))
    elif field == "text":
        at = draw.randrange(len(header))
        header = header[:at] + draw.turn(_TEXTS) + header[at:]
    elif field == "key":
        header = header.replace(draw.choice(_KEYS), draw.choice((*_KEYS, b"1", b"'more'")))
    elif field == "version":
        version = bytes([draw.choice((0, 1, 2, 3, 4, 255)), draw.choice((0, 1))])
    else:
        size = 2 if version[:1] == b"\1" else 4
        length = (draw.choice(HOSTILE) % (1 << 8 * size)).to_bytes(size, "little")
        return b"\x93NUMPY" + version + length + header + values
    return _joined(version, header, values)


def _npy(draw: Draw, files: Files) -> Files | None:
    """Damage the header of an NPY."""
    content = files[""]
    return {"": _header(draw, content)} if content.startswith(b"\x93NUMPY") else None


def _member(draw: Draw, files: Files) -> Files | None:
    """Damage the header of one member of an NPZ, in a ZIP that is whole."""
    if not files[""].startswith(b"PK"):
        return None
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(files[""])) as given, zipfile.ZipFile(out, "w") as made:
        hit = draw.choice(given.namelist())
        for name in given.namelist():
            content = given.read(name)
            made.writestr(name, _header(draw, content) if name == hit else content,
                          draw.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED,
                                       zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)))  # fmt: skip
    return {"": out.getvalue()}


def _zip(draw: Draw, files: Files) -> Files | None:
    """Put a hostile number into a field of the ZIP: its entries, its list, its end."""
    content = files[""]
    if not content.startswith(b"PK"):
        return None
    marks = [at for at in range(len(content) - 3) if content[at : at + 2] == b"PK"]
    at = draw.turn(marks) + 4 + draw.randrange(42)
    width = draw.choice((1, 2, 4))
    fresh = (draw.choice(HOSTILE) % (1 << 8 * width)).to_bytes(width, "little")
    return {"": content[:at] + fresh + content[at + width :]}


def _bomb(draw: Draw, files: Files) -> Files | None:
    """Say of a member that it holds far more, and have deflate hold some of it."""
    if not files[""].startswith(b"PK"):
        return None
    count = draw.choice((10**6, 10**8, 10**9))
    header = io.BytesIO()
    about = {"descr": "|u1", "fortran_order": False, "shape": (count, 3)}
    np.lib.format.write_array_header_1_0(header, about)
    head = header.getvalue()
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(head) + packer.compress(bytes(min(3 * count, 2**24)))
    packed += packer.flush()
    size = len(head) + 3 * count
    field = struct.pack("<5H3I2H", 20, 0, 8, 0, 0, 0, len(packed), size % 2**32, 5, 0)
    entry = struct.pack("<6H3I5H2I", 20, 20, 0, 8, 0, 0, 0, len(packed), size % 2**32, 5, 0, 0, 0,
                        0, 0, 0)  # fmt: skip
    local = b"PK\3\4" + field + b"a.npy" + packed
    end = struct.pack("<4H2IH", 0, 0, 1, 1, len(entry) + 9, len(local), 0)
    return {"": local + b"PK\1\2" + entry + b"a.npy" + b"PK\5\6" + end}


def _seeds(folder: Path) -> None:
    values = np.arange(24 * 20, dtype=np.int16).reshape(24, 20)
    for code in ("<u2", ">f8", "|b1", "<c8"):
        np.save(folder / f"plane-{code[1:]}.npy", values.astype(code))
    np.save(folder / "columns.npy", np.asfortranarray(values))
    np.save(folder / "number.npy", np.float32(3))
    with (folder / "second.npy").open("wb") as file:
        np.lib.format.write_array(file, values.reshape(2, 12, 20), version=(2, 0))
    np.savez(folder / "stored.npz", d=values, e=np.arange(3))
    np.savez_compressed(folder / "packed.npz", d=values.astype("f4"))


MUTATOR = Mutator(
    "NumPy",
    _seeds,
    {
        "header": Way(_npy, weight=6),
        "header of a member": Way(_member, weight=4),
        "field of the ZIP": Way(_zip, weight=4),
        "bomb": Way(_bomb),
    },
)
