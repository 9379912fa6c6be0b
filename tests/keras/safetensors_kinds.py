"""Write small files of every type of number, for tests/io to compare with.

    python tests/keras/safetensors_kinds.py

Needs numpy, ml_dtypes and safetensors. files/kinds.safetensors has a tensor of
each type, files/kinds.npz (compressed) an array of each, of both byte orders,
in row and in column order and with every version of the header.
"""

import io
import json
import os
import struct
import zipfile

import numpy as np
from safetensors.numpy import save_file

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files")
# 2 rows of 3 of what is hard for each type.
HARD = {
    "f2": [[0, -0.0, 1.5], [65504, 2.0**-24, -np.inf]],
    "f4": [[0, -0.0, 0.1], [3.4028235e38, 1e-45, -np.inf]],
    "f8": [[0, -0.0, 0.1], [1e300, 5e-324, np.inf]],
    "i1": [[0, 1, 2], [-1, 127, -128]],
    "i2": [[0, 1, 2], [-1, 32767, -32768]],
    "i4": [[0, 1, 2], [-1, 2**31 - 1, -(2**31)]],
    "i8": [[0, 1, 2], [-1, 2**63 - 1, -(2**63)]],
    "u1": [[0, 1, 2], [3, 128, 255]],
    "u2": [[0, 1, 2], [3, 4, 65535]],
    "u4": [[0, 1, 2], [3, 4, 2**32 - 1]],
    "u8": [[0, 1, 2], [3, 4, 2**63 - 1]],
    "b1": [[False, True, False], [True, True, False]],
}
SAFE = {"f2": "F16", "f4": "F32", "f8": "F64", "b1": "BOOL"}


def arrays():
    return {k: np.array(v, "<" + k if k[1] != "1" else k) for k, v in HARD.items()}


def write_npz():
    with zipfile.ZipFile(os.path.join(HERE, "kinds.npz"), "w",
                         zipfile.ZIP_DEFLATED) as z:
        def write(name, array, version=None):
            out = io.BytesIO()
            np.lib.format.write_array(out, array, version)
            info = zipfile.ZipInfo(name + ".npy", (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, out.getvalue())

        for kind, a in arrays().items():
            write(kind, a)
            write(kind + "_column", np.asfortranarray(a))
            if kind[1] != "1":
                write(kind + "_big", a.astype(">" + kind))
        write("version2", arrays()["i4"], (2, 0))
        write("version3", arrays()["i4"], (3, 0))
        write("cube", np.asfortranarray(np.arange(24).reshape(2, 3, 4)))
        write("one", np.array(7.25))
        write("none", np.zeros((0, 3), "f4"))


def write_safetensors():
    path = os.path.join(HERE, "kinds.safetensors")
    tensors = {SAFE.get(k, k[0].upper() + str(8 * int(k[1]))): a for k, a in arrays().items()}
    tensors["one"] = np.array(7.25, "f4")
    tensors["none"] = np.zeros((0, 3), "f4")
    save_file(tensors, path, {"made by": "safetensors_kinds.py"})
    # bfloat16 is no type of numpy's: 1, -2, 3.140625, 2^-133, infinity, 0 added by hand.
    with open(path, "rb") as f:
        data = f.read()
    n = struct.unpack("<Q", data[:8])[0]
    header, rest = json.loads(data[8:8 + n]), data[8 + n:]
    header["BF16"] = {"dtype": "BF16", "shape": [2, 3], "data_offsets": [len(rest), len(rest) + 12]}
    rest += struct.pack("<6H", 0x3F80, 0xC000, 0x4049, 0x0001, 0x7F80, 0)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + rest)


write_npz()
write_safetensors()
