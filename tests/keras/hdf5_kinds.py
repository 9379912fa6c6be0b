"""Write files/kinds.h5, one dataset or attribute of each kind of HDF5 that
tests/io/hdf5.cpp reads or sees refused, and files/kinds_new.h5, the same in the
newer structures of HDF5 1.8 and later. Needs h5py, ml_dtypes and NumPy.

    python tests/keras/hdf5_kinds.py
"""

import os

import h5py
import ml_dtypes
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
VALUES = [[-2, -0.5, 0], [1, 3.25, 100]]


def write(path, members, **options):
    with h5py.File(path, "w", **options) as f:
        numbers = f.create_group("numbers")
        for order, group in [("<", "little"), (">", "big")]:
            for kind in ["f2", "f4", "f8", "i1", "i2", "i4", "i8"]:
                numbers[f"{group}/{kind}"] = np.array(VALUES, order + kind)
            for kind in ["u1", "u2", "u4", "u8"]:
                numbers[f"unsigned/{group}_{kind}"] = np.abs(VALUES).astype(order + kind)
        others = numbers.create_group("others")
        bfloat16 = np.array(VALUES).astype(ml_dtypes.bfloat16)
        for name, array in [("bfloat16", bfloat16), ("bfloat16_u2", bfloat16.view("u2"))]:
            others[name] = array  # the first is what Keras does
            others[name].attrs["dtype"] = "bfloat16"
        # The largest, the smallest, denormals, -0, infinities, and no number.
        others["half"] = np.array([0x7BFF, 0x0400, 0x03FF, 0x0001, 0x8001, 0x8000, 0xFC00, 0x7C00, 0x7E00],
                                  "u2").view("f2")
        others["double"] = np.array([1e300, -1e300, 1e-300, np.inf, 1 / 3])
        space, how = h5py.h5s.create_simple((2, 3)), h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        how.set_layout(h5py.h5d.COMPACT)
        compact = h5py.h5d.create(others.id, b"compact", h5py.h5t.IEEE_F32LE, space, how)
        compact.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array(VALUES, "f4"))

        integers = f.create_group("integers")
        for kind in ["i1", "<i4", ">i4", "<i8", "<u4", ">u8"]:
            integers[kind] = np.array(200 if "u" in kind else -3, kind)
        integers["most"] = np.array(2**63 - 1, "i8")
        integers["too_large"] = np.array(2**63, "u8")

        shapes = f.create_group("shapes")
        shapes["scalar"] = np.float32(7)
        shapes["one"] = np.ones(1, "f4")
        shapes["none"] = np.ones((0, 3), "f4")
        shapes["rank_5"] = np.arange(32, dtype="f4").reshape(2, 1, 4, 2, 2)
        shapes["null"] = h5py.Empty("f4")

        some, lists = f.create_group("texts"), f.create_group("lists")
        some.attrs["variable"] = "gr\u00f6\u00dfer"
        some.attrs["empty"] = ""
        some.attrs["long"] = "long " * 840  # more than a heap of the usual size holds
        some.attrs["fixed"] = np.bytes_(b"fixed")
        some.attrs["number"] = 7
        terminated = h5py.h5t.C_S1.copy()
        terminated.set_size(6)
        terminated.set_strpad(h5py.h5t.STR_NULLTERM)
        h5py.h5a.create(some.id, b"terminated", terminated, h5py.h5s.create(h5py.h5s.SCALAR)).write(
            np.array(b"abc", "S6"))
        lists.attrs["variable"] = ["a", "", "ccc" * 20]
        lists.attrs["fixed"] = np.array([b"one", b"two", b"three"])
        lists.attrs["nothing"] = np.array([])
        lists.attrs["null"] = h5py.Empty("S1")
        for part, names in enumerate([["p", "q"], ["r"], ["s", "t"]]):
            lists.attrs[f"split{part}"] = names

        groups = f.create_group("groups")
        groups["a/b/c/x"] = np.float32(3)
        groups["linked"] = groups["a/b"]  # a second hard link
        for i in range(members):
            groups[f"many/member_{i:03}"] = groups["a/b/c/x"]
        attributes = groups.create_group("attributes")
        for i in range(8):
            attributes.attrs[f"attribute_{i}"] = np.full(20, i)  # more than one block of a header

        refused = f.create_group("refused")
        refused.create_dataset("chunks", (2,), "f4", chunks=(2,))
        refused.create_dataset("compressed", (2,), "f4", chunks=(2,), compression="gzip")
        refused.create_dataset("external", (2,), "f4", external=[("elsewhere.raw", 0, 8)])
        refused.create_dataset("unwritten", (2,), "f4")
        refused["soft"] = h5py.SoftLink("/numbers")
        refused["other_file"] = h5py.ExternalLink("other.h5", "/numbers")
        if options:
            links = f.create_group("refused/heap/of_links")
            attributes = f.create_group("refused/heap/of_attributes")
            for i in range(9):
                links[f"member_{i}"] = groups["a/b/c/x"]
                attributes.attrs[f"attribute_{i}"] = i
        types = f.create_group("refused/types")
        types["named"] = np.dtype("<f4")
        types.create_dataset("of_a_name", (2,), types["named"])[:] = 1
        types["boolean"] = np.array([True, False])
        types["complex"] = np.array([1j], "c8")
        types["text"] = "text"
        types["opaque"] = np.array([b"ab"], "V2")
        types["other_dtype"] = np.zeros(2, "u2")
        types["other_dtype"].attrs["dtype"] = "float8"


if __name__ == "__main__":
    # Enough for a tree of two levels; what older structures do not need a heap for.
    write(os.path.join(HERE, "files/kinds.h5"), 136)
    write(os.path.join(HERE, "files/kinds_new.h5"), 8, libver="v110", userblock_size=1024)
