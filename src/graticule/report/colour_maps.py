"""The colour maps of pictures, as tables of 256 colours."""

from __future__ import annotations

import base64
from functools import cache

import numpy as np

from graticule.core.typing import Array

# viridis of S. van der Walt and N. Smith, given to the public domain (CC0)
_VIRIDIS = (
    'L;+Mp0#-!?S49O`Mh99(2wX-AT}BIDM-5;{4q-<SV@DBWM-yd86lX{lXh;`nNEm8J8f-`#ZAct$NF8rTA8<$@aY!'
    'L^NF#JeBy~t7c1R|7NGNznDS1aKdPgjJM=g6tE__EXeMT^TMlyazGk-=jfJHTdMK^&(ID$kugG4%mL_35-J%mF(g'
    '+f1tLO_N>L54v>he1S#Kt+f^Mu<O0h(Ab)K1qo_N{K#9iakw=Jx+=|Pl`NHi#t(^J5q}}Q;RxOj5$?|IaZ7~Sd2J'
    'Xj5k`0H(QN1T#YtejWu44HD8T1V2w0kjWc46Gh>Z1WR5arjxlDAF=vi3XpS&xjxcJDFKdo3Y>qB%jxKJFE^m%4aE'
    '>i;jx2GGEOL%4bB-%?jw^MJDt3-4caAD}jwyMLDSD16dyXi4jwpSOCw`76e~u@BjwXSQCW4M8f{rDFjwOVSC54V8'
    'hK?kMjw6VUBZ-b9ij5+RjUtSVB8`n9j*TIYjUkYYA(4zAl8hjdj3ASYAC!zAm5U#iiyxPZADD|DnTj8piXNMa9-N'
    '6Dorxcwi65VcAE1aIp@<)$haaMcAftvLq=q4-g(0SeBBzBSsDvY_gCwehC98rZtb!)3fhVnjD6W7huYW4Ae=M<nE'
    'wX(svwSbKd@;3qGPZg&ws|$Tc{jLtIJtK^x^_Febv?XvKfH55y>ddnaYVmxM!;`K!EQ>yZA`*!PQz<Z#A;H-X;j5'
    '%R>o&o$7Nc`WL(H&Uddu$%3x#5UuDZ)XUtq_&0B2ET5ir*aL-qB&{lQORCm!+deKpQ(olcXPJz=+gw#uh)k%rfNQ'
    '>4+j@Ctx*F%%nL6z7*nAkp>**u-uJD}P*qS`m5+cv1%G^*S(t=urM-7m7;Ew$b&xZWwc-YC7_Ccxh%!rvps;33H1'
    'Aj;t%&EXx;;T+Q98`a_(*y0)5;~CxK7~kU<;^Y|R<QeDW8S3R4?ByHp<s9+l9rWfN_U0h?<{|s%BmL(k'
)  # fmt: skip
# RdBu of C. Brewer's ColorBrewer, eleven classes, blue to red
_BLUE_TO_RED = (
    (5, 48, 97), (33, 102, 172), (67, 147, 195), (146, 197, 222), (209, 229, 240), (247, 247, 247),
    (253, 219, 199), (244, 165, 130), (214, 96, 77), (178, 24, 43), (103, 0, 31),
)  # fmt: skip


@cache
def colour_map(name: str) -> Array:
    """Return the 256 colours (r, g, b from 0 to 255) of ``gray``, ``viridis`` or ``RdBu_r``.

    Examples
    --------
    >>> colour_map("viridis")[[0, 255]].tolist()
    [[68, 1, 84], [253, 231, 37]]
    """
    if name == "gray":
        return np.arange(256, dtype=np.uint8)[:, None].repeat(3, axis=1)
    if name == "viridis":
        return np.frombuffer(base64.b85decode("".join(_VIRIDIS)), np.uint8).reshape(256, 3)
    places = np.linspace(0, 255, len(_BLUE_TO_RED))
    channels = [np.interp(np.arange(256), places, each) for each in zip(*_BLUE_TO_RED, strict=True)]
    return np.asarray(np.rint(np.stack(channels, axis=-1)), np.uint8)
