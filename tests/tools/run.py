"""Runs keratin on files that Keras wrote: every command, what it prints and writes, and what it says of mistakes.

run.py KERATIN TESTS_KERAS [CASE...]
"""

import array
import gzip
import math
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import zipfile

TOOL, KERAS = (os.path.abspath(path) for path in sys.argv[1:3])
FILES = os.path.join(KERAS, "files")
VERSIONS = os.path.join(FILES, "versions")
CODES = {"<f4": "f", "|u1": "B", "<i4": "i"}


# --- files -----------------------------------------------------------------------------------------------------------

def npy_bytes(shape, values, dtype="<f4"):
    head = "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }" % (dtype, "".join(f"{n}, " for n in shape))
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    return (b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() +
            array.array(CODES[dtype], values).tobytes())


def npy_values(data):
    length = struct.unpack("<H", data[8:10])[0]
    head = data[10:10 + length].decode()
    dtype = re.search(r"'descr': '(...)'", head)[1]
    shape = tuple(int(n) for n in re.search(r"'shape': \(([^)]*)\)", head)[1].split(",") if n.strip())
    values = array.array(CODES[dtype])
    values.frombytes(data[10 + length:])
    assert len(values) == math.prod(shape), (shape, len(values))
    return shape, list(values)


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


def write_npz(path, arrays):
    with zipfile.ZipFile(path, "w") as archive:
        for name, one in arrays.items():
            archive.writestr(name + ".npy", npy_bytes(*one))
    return path


def with_config(path, model, before, after):
    """A copy of a .keras whose config says something else."""
    with zipfile.ZipFile(model) as archive, zipfile.ZipFile(path, "w") as changed:
        for name in archive.namelist():
            data = archive.read(name)
            if name == "config.json":
                check(before.encode() in data, model, "has no", before)
                data = data.replace(before.encode(), after.encode())
            changed.writestr(name, data)
    return path


def read_npz(path):
    with zipfile.ZipFile(path) as archive:
        return {name[:-4]: npy_values(archive.read(name)) for name in archive.namelist()}


def write_idx(path, shape, values, pack=False):
    data = struct.pack(">BBBB", 0, 0, 8, len(shape)) + struct.pack(f">{len(shape)}I", *shape) + bytes(values)
    return write(path, gzip.compress(data) if pack else data)


def golden(name):
    with open(os.path.join(KERAS, "topologies.txt"), encoding="ascii") as file:
        for line in file:
            if line.startswith(name + " "):
                return [float(v) for v in line.split()[2:]]
    raise KeyError(name)


def filled(count, k):
    return [0.5 * math.sin(0.37 * i + k) for i in range(count)]


def read(path):
    with open(path, "rb") as file:
        return file.read()


# --- checks ----------------------------------------------------------------------------------------------------------

failures = 0


def check(condition, *what):
    global failures
    if not condition:
        failures += 1
        print("FAILED:", *what)


def near(values, wanted, tolerance=1e-5):
    return len(values) == len(wanted) and all(
        abs(v - w) <= tolerance * max(1, abs(w)) for v, w in zip(values, wanted))


def keratin(*arguments, code=0):
    """What it prints; its exit code is checked."""
    done = subprocess.run([TOOL, *arguments], capture_output=True, text=True, timeout=120)
    check(done.returncode == code, arguments, "exit code", done.returncode, "wanted", code, done.stderr)
    if code in (0, 1):
        check("keratin:" not in done.stderr or "not kept" in done.stderr or "left out" in done.stderr, done.stderr)
    return done.stdout


def refused(code, message, *arguments):
    """One line of error that begins with 'keratin: ' and has the message in it."""
    done = subprocess.run([TOOL, *arguments], capture_output=True, text=True, timeout=120)
    first = done.stderr.split("\n")[0]
    check(done.returncode == code and first.startswith("keratin: ") and message in first and
          not re.search(r"terminate|what\(\)|Aborted", done.stderr), arguments, "=>", done.returncode, done.stderr,
          "wanted", code, message)


def logs_of(text):
    return {name: float(value) for name, value in (line.split() for line in text.splitlines())}


def in_files(name):
    return os.path.join(FILES, name)


def in_versions(name):
    return os.path.join(VERSIONS, name)


# --- cases -----------------------------------------------------------------------------------------------------------

def case_help(folder):
    check(re.fullmatch(r"keratin \d+\.\d+\.\d+\n", keratin("--version")))
    text = keratin("--help")
    for command in "summary predict evaluate train convert codegen plot diff bench".split():
        check(command in text, "--help lacks", command)
        check(f"Example:\n  keratin {command} " in keratin(command, "--help"), command, "--help lacks an example")


def case_summary(folder):
    names = [in_files(n) for n in os.listdir(FILES)] + [in_versions(n) for n in os.listdir(VERSIONS)]
    models = [n for n in names if n.endswith((".keras", ".h5")) and not n.endswith(".weights.h5") and
              "kinds" not in n]
    check(len(models) > 30)
    for model in models:
        text = keratin("summary", model)
        check("Total params:" in text and "Compiled" not in text, model)
    check(" dense (Dense)" in keratin("summary", in_versions("sequential_3.0.5.keras")))


def case_predict(folder):
    shapes = {"images": (10, 9, 3), "sequences": (12,), "sequential": (6,)}
    for name, shape in shapes.items():
        with open(in_versions(name + ".txt"), encoding="ascii") as file:
            x, wanted = [[float(v) for v in line.split()] for line in file]
        npy = write(folder + "/x.npy", npy_bytes((4, *shape), x))
        npz = write_npz(folder + "/x.npz", {"whatever": ((4, *shape), x)})
        for model in [n for n in os.listdir(VERSIONS) if n.startswith(name) and not n.endswith((".txt", ".weights.h5"))]:
            keratin("predict", in_versions(model), "--input", npy, "--output", folder + "/y.npy")
            shape_of_y, y = npy_values(read(folder + "/y.npy"))
            check(shape_of_y == (4, len(wanted) // 4) and near(y, wanted), model)
        keratin("predict", in_versions(model), "--input", npz, "--output", folder + "/y.npz")
        (shape_of_y, y), = read_npz(folder + "/y.npz").values()
        check(near(y, wanted), name, "as .npz")
    # Integers as they are.
    npy = write(folder + "/int.npy", npy_bytes((4, 12), [int(v) for v in range(48)], "<i4"))
    write(folder + "/float.npy", npy_bytes((4, 12), [v % 9 for v in range(48)]))
    write(folder + "/int.npy", npy_bytes((4, 12), [v % 9 for v in range(48)], "<i4"))
    for kind in "int", "float":
        keratin("predict", in_versions("sequences.h5"), "--input", f"{folder}/{kind}.npy", "--output",
                f"{folder}/{kind}_y.npy")
    check(read(folder + "/int_y.npy") == read(folder + "/float_y.npy"), "integers and floats differ")


def case_names(folder):
    """Several inputs and outputs."""
    x = write_npz(folder + "/x.npz", {"input_layer": ((7, 6), filled(42, 0)), "input_layer_1": ((7, 6), filled(42, 1))})
    keratin("predict", in_files("two_towers.keras"), "--input", x, "--output", folder + "/y.npz")
    check(near(read_npz(folder + "/y.npz")["dense_3"][1], golden("topology/two_towers/y0")))
    x = write(folder + "/x.npy", npy_bytes((7, 5), filled(35, 0)))
    keratin("predict", in_files("several_outputs.keras"), "--input", x, "--output", folder + "/y.npz")
    y = read_npz(folder + "/y.npz")
    check(list(y) == ["dense_1", "dense_2", "dense_3"], list(y))
    for k, (shape, values) in enumerate(y.values()):
        check(shape[0] == 7 and near(values, golden(f"topology/several_outputs/y{k}")), "output", k)


def several_outputs(folder):
    one_hot = [float(i % 3 == c) for i in range(7) for c in range(3)]
    return write_npz(folder + "/data.npz", {
        "input_layer": ((7, 5), filled(35, 0)), "dense_1": ((7, 3), one_hot), "dense_2": ((7, 1), filled(7, 21)),
        "dense_3": ((7, 2), [float(i % 2) for i in range(14)])})


def case_evaluate(folder):
    """What Keras computed before the first of three steps."""
    data, model = several_outputs(folder), in_files("several_outputs.keras")
    losses = ["--loss", "cce,mse,bce".replace("cce", "categorical_crossentropy").replace("bce", "binary_crossentropy"),
              "--loss-weights", "1,0.2,3"]
    text = keratin("evaluate", model, "--data", data, *losses, "--metrics", "accuracy,mae,-")
    logs = logs_of(text)
    check(near([logs[key] for key in sorted(logs)], golden("topology/several_outputs/logs")[:6]), text)
    logs = logs_of(keratin("evaluate", model, "--data", data, *losses))
    check(sorted(logs) == ["dense_1_loss", "dense_2_loss", "dense_3_loss", "loss"], logs)
    # One output, by the names x and y, and by class numbers.
    x = [math.sin(0.61 * i) for i in range(24)]
    sequential = in_versions("sequential_3.15.1.keras")
    write(folder + "/x.npy", npy_bytes((4, 6), x))
    keratin("predict", sequential, "--input", folder + "/x.npy", "--output", folder + "/y.npy")
    y = npy_values(read(folder + "/y.npy"))[1]
    data = write_npz(folder + "/one.npz", {"x": ((4, 6), x), "y": ((4,), [0, 3, 1, 2], "<i4")})
    logs = logs_of(keratin("evaluate", sequential, "--data", data, "--loss", "sparse_categorical_crossentropy",
                           "--metrics", "accuracy,sparse_categorical_crossentropy"))
    wanted = -sum(math.log(y[4 * i + c]) for i, c in enumerate([0, 3, 1, 2])) / 4
    right = sum(max(range(4), key=lambda c: y[4 * i + c]) == label for i, label in enumerate([0, 3, 1, 2])) / 4
    check(near([logs["loss"], logs["accuracy"], logs["sparse_categorical_crossentropy"]], [wanted, right, wanted]), logs)
    # An error on probabilities reads what the activation makes.
    data = write_npz(folder + "/one.npz", {"x": ((4, 6), x), "y": ((4, 4), filled(16, 3))})
    logs = logs_of(keratin("evaluate", sequential, "--data", data, "--loss", "mse", "--metrics", "mae"))
    wanted = sum((a - b) ** 2 for a, b in zip(y, filled(16, 3))) / 16
    check(near([logs["loss"]], [wanted]), logs)


def case_train_like_keras(folder):
    """Three steps of Adam(0.01) are those of Keras; the order of the samples in a batch does not count."""
    trained = folder + "/trained.keras"
    keratin("train", in_files("several_outputs.keras"), "--data", several_outputs(folder), "--output", trained,
            "--loss", "categorical_crossentropy,mse,binary_crossentropy", "--loss-weights", "1,0.2,3",
            "--metrics", "accuracy,mae,-", "--optimizer", "adam", "--learning-rate", "0.01", "--epochs", "3",
            "--batch-size", "7")
    keratin("convert", trained, folder + "/weights.npz")
    weights = [v for shape, values in read_npz(folder + "/weights.npz").values() for v in values]
    check(near(weights, golden("topology/several_outputs/weights"), 1e-4), "weights after three steps")
    text = keratin("summary", trained)
    check("Compiled with Adam" in text and "dense_2: mean_squared_error, weight 0.2" in text, text)
    first = logs_of(keratin("evaluate", trained, "--data", several_outputs(folder)))
    again = logs_of(keratin("evaluate", trained, "--data", several_outputs(folder), "--loss",
                            "categorical_crossentropy,mse,binary_crossentropy"))
    check(first == again and len(first) == 4, first, again)


def case_compiled(folder):
    """What Keras compiled: the same losses and metrics, and two more epochs from where its optimizer stands."""
    compiled = os.path.join(FILES, "compiled")
    with open(os.path.join(compiled, "logs.txt"), encoding="ascii") as file:
        wanted = {line.split()[0]: [float(v) for v in line.split()[1:]] for line in file}
    for name in wanted:
        model, data, trained = f"{compiled}/{name}.keras", f"{compiled}/{name}.npz", folder + "/trained.keras"
        n = len(wanted[name]) // 2
        if name not in ("refused", "measured"):
            keratin("train", model, "--data", data, "--epochs", "2", "--batch-size", "50", "--output", trained)
            for file, numbers in (model, wanted[name][:n]), (trained, wanted[name][n:]):
                logs = logs_of(keratin("evaluate", file, "--data", data))
                if file == trained and name == "by_lists":
                    del numbers[2]  # metrics of some outputs only are left out
                check(near([logs[key] for key in sorted(logs)], numbers, 2e-5), name, file, logs, numbers)
            before, after = (keratin("summary", file).split("Compiled with")[1] for file in (model, trained))
            check(name == "by_lists" or full(before) == full(after), name, before, after)
    check("sure, precision, thresholds 0.4" in keratin("summary", compiled + "/counted.keras"))
    refused(2, "--loss and --metrics say others: weighted metrics", "evaluate", compiled + "/measured.keras", "--data",
            compiled + "/measured.npz")
    check("binary_crossentropy, label_smoothing 0.1" in keratin("summary", compiled + "/smoothed.keras"))
    file = with_config(folder + "/last.keras", compiled + "/top.keras", '"class_id": 1', '"class_id": -1')
    refused(2, "metric 'recall' with class_id -1, a whole number from 0 on wanted", "evaluate", file, "--data",
            compiled + "/top.npz")
    for value in "2.0", "-1.0":
        file = with_config(folder + "/above.keras", compiled + "/counted.keras", '"thresholds": 0.4',
                           f'"thresholds": {value}')
        refused(2, f"metric 'precision' with thresholds {float(value):g}, a number from 0 to 1 wanted", "evaluate", file,
                "--data", compiled + "/counted.npz")
    file = with_config(folder + "/zero.keras", compiled + "/logits.keras", '"from_logits": true', '"from_logits": 0')
    check("from logits" not in keratin("summary", file))
    # What is not known does not keep the rest from being read.
    model, data = compiled + "/refused.keras", compiled + "/refused.npz"
    loss, train = ["--loss", "sparse_categorical_crossentropy"], ["--epochs", "1", "--output", folder + "/t.keras"]
    refused(2, "--loss and --metrics say others: loss 'sparse_categorical_crossentropy' with ignore_class", "evaluate",
            model, "--data", data)
    keratin("evaluate", model, "--data", data, *loss)
    refused(2, "--optimizer says another: optimizer 'Muon' is not known here; known are adam, adamw, sgd, rmsprop, ",
            "train", model, "--data", data, *loss, *train)
    keratin("train", model, "--data", data, *loss, "--optimizer", "RMSprop", *train)


def full(summary):
    """With the names of functions in full, as we write them, and without the usual settings of a loss."""
    summary = summary.replace(", gamma 2, alpha 0.25", "")
    for short, name in ("mae", "mean_absolute_error"), ("mse", "mean_squared_error"):
        summary = re.sub(rf"\b{short}\b", name, summary)
    return summary


def table(folder):
    with open(folder + "/data.csv", "w", encoding="ascii") as file:
        print("a,b,c,d,e,f,kind", file=file)
        for i in range(60):
            x = [math.sin(0.61 * (6 * i + j)) for j in range(6)]
            print(*(f"{v:.6f}" for v in x), i % 4, sep=",", file=file)
    return folder + "/data.csv"


def case_train_goes_on(folder):
    """Two epochs at once are one and another one, whatever optimizer: with one batch but for the order of sums."""
    data, model = table(folder), in_versions("sequential_3.6.0.keras")
    for optimizer in ("adam", "sgd", "adamw", "rmsprop", "adagrad", "adadelta", "adamax", "nadam", "adafactor", "lion",
                      "lamb", "ftrl"):
        common = ["--data", data, "--label", "kind", "--batch-size", "60", "--seed", "3"]
        first = [*common, "--loss", "sparse_categorical_crossentropy", "--metrics", "accuracy", "--optimizer", optimizer,
                 "--learning-rate", "0.1"]
        keratin("train", model, *first, "--epochs", "2", "--output", folder + "/two.keras")
        text = keratin("train", model, *first, "--epochs", "1", "--output", folder + "/one.keras")
        check("accuracy" in text and "loss" in text, text)
        keratin("train", folder + "/one.keras", *common, "--epochs", "1", "--output", folder + "/and_one.keras")
        weights = []
        for name in "two", "and_one":
            keratin("convert", f"{folder}/{name}.keras", f"{folder}/{name}.npz")
            weights.append([v for _, values in read_npz(f"{folder}/{name}.npz").values() for v in values])
        check(near(*weights, 1e-4), optimizer)
        check(optimizer.lower() in keratin("summary", folder + "/and_one.keras").lower())
        before = logs_of(keratin("evaluate", model, "--data", data, "--loss", "sparse_categorical_crossentropy"))
        after = logs_of(keratin("evaluate", folder + "/two.keras", "--data", data))
        check("accuracy" in after and (after["loss"] < before["loss"] or optimizer not in ("adam", "sgd")), before, after)
    text = keratin("train", model, "--data", data, "--loss", "sparse_categorical_crossentropy", "--epochs", "1",
                   "--validation-split", "0.25", "--output", folder + "/three.keras")
    check("val_loss" in text, text)
    check(not [name for name in os.listdir(folder) if name.endswith(".tmp")], os.listdir(folder))


def case_idx(folder):
    """Images and labels as bytes: two files, or a folder, packed or not."""
    pixels, labels = [i * 37 % 256 for i in range(20 * 270)], [i % 3 for i in range(20)]
    images = write_idx(folder + "/train-images-idx3-ubyte.gz", (20, 10, 9, 3), pixels, pack=True)
    write_idx(folder + "/t10k-images-idx3-ubyte", (20, 10, 9, 3), pixels)
    names = write_idx(folder + "/train-labels-idx1-ubyte", (20,), labels)
    write_idx(folder + "/t10k-labels-idx1-ubyte.gz", (20,), labels, pack=True)
    loss = ["--loss", "sparse_categorical_crossentropy"]
    x = write_npz(folder + "/x.npz", {"x": ((20, 10, 9, 3), [p / 255 for p in pixels]), "y": ((20,), labels, "|u1")})
    model = in_versions("images_3.3.3.keras")
    both = [logs_of(keratin("evaluate", model, "--data", *paths, *loss))["loss"]
            for paths in ([folder], [images, names], [x])]
    check(near(both[:2], both[2:] * 2), both)
    keratin("train", model, "--data", folder, *loss, "--epochs", "1", "--output", folder + "/trained.keras")


def case_convert(folder):
    for model in in_files("names_and_depths.keras"), in_files("siamese.keras"), in_files("residual_block.h5"):
        for ending in "safetensors", "npz", "bin", "weights.h5":
            weights, back = f"{folder}/w.{ending}", f"{folder}/back.keras"
            keratin("convert", model, weights)
            keratin("train", model, "--data", "none.npz", "--loss", "mse", "--epochs", "1", "--output", back, code=3)
            keratin("convert", weights, back, "--model", model)
            check(keratin("diff", model, back) == "", model, ending)
        keratin("convert", model, folder + "/again.h5")
        keratin("convert", folder + "/again.h5", folder + "/again.keras")
        check(keratin("diff", model, folder + "/again.keras") == "", model, "by .h5")
    # The weights are really taken from there, not from the model that has the architecture.
    other = folder + "/other.keras"
    keratin("train", in_versions("sequential.h5"), "--data", table(folder), "--loss", "sparse_categorical_crossentropy",
            "--epochs", "1", "--output", other)
    for ending in "safetensors", "npz", "bin", "weights.h5":
        keratin("convert", other, f"{folder}/o.{ending}")
        keratin("convert", f"{folder}/o.{ending}", folder + "/back.keras", "--model", in_versions("sequential.h5"))
        check(keratin("diff", other, folder + "/back.keras") == "", ending)
    arrays = read_npz(folder + "/o.npz")
    check(list(arrays) == ["dense/kernel", "dense/bias", "mine/kernel", "mine/bias"], list(arrays))
    check(arrays["dense/kernel"][0] == (6, 5), arrays["dense/kernel"][0])


def case_diff(folder):
    a = in_versions("sequential_3.0.5.keras")
    for b in "sequential_3.15.1.keras", "sequential.h5":
        check(keratin("diff", a, in_versions(b)) == "", b)
    trained = folder + "/trained.keras"
    keratin("train", a, "--data", table(folder), "--loss", "sparse_categorical_crossentropy", "--optimizer", "sgd",
            "--epochs", "1", "--output", trained)
    text = keratin("diff", a, trained, code=1)
    check(re.search(r"^dense/kernel: \d+ of 30 values differ, by at most [0-9.e-]+$", text, re.M), text)
    check("layer" not in text, text)
    text = keratin("diff", a, in_files("several_outputs.keras"), code=1)
    check("layer 'dense': units 5 in the first, 6 in the second" in text, text)
    check("layer 'mine': Dense, only in the first" in text, text)
    check("dense/kernel: 30 values" not in text, text)  # 6 x 5 and 5 x 6


def case_codegen(folder):
    model = in_versions("images_3.12.0.keras")
    sequential = in_versions("sequential.h5")
    for weights in "float32", "float16", "bfloat16", "blob":
        header = f"{folder}/{weights}.hpp"
        keratin("codegen", sequential, "-o", header, "--name", "app::small", "--weights", weights)
        text = read(header).decode()
        check("namespace app::small {" in text and "Generated from sequential.h5" in text and "Dense<5, ReLU>" in text,
              text[:400])
        check(os.path.exists(f"{folder}/{weights}.bin") == (weights == "blob"), weights)
    check(read(folder + "/blob.bin")[:8] == b"KERATIN1")
    refused(3, "images_3.12.0.keras: ", "codegen", model, "-o", folder + "/images.hpp")
    check(not os.path.exists(folder + "/images.hpp"))
    refused(3, "sequential.h5: ", "codegen", sequential, "-o", folder + "/no.hpp", "--name", "3d")


def case_plot(folder):
    text = keratin("plot", in_files("two_towers.keras"))
    check(text.startswith("digraph") and "dense_3" in text and text.count("->") == 7, text)
    keratin("plot", in_files("two_towers.keras"), "-o", folder + "/model.dot")
    check(read(folder + "/model.dot").decode() == text)
    refused(2, ".dot, .svg or .png wanted", "plot", in_files("two_towers.keras"), "-o", folder + "/model.jpg")


def case_bench(folder):
    """That it comes to an end with every kind of layer; times are not checked."""
    for model in in_versions("images_3.15.1.keras"), in_versions("sequences.h5"), in_files("encoder_and_decoder.keras"), \
            in_files("masked_tagger.keras"), in_files("states_read_on.keras"), in_files("several_outputs.keras"):
        text = keratin("bench", model, "--batch-sizes", "1,8")
        check("samples/s" in text and "nan" not in text and "inf" not in text.replace("info", ""), text)
        check(re.search(r"^ +8 +[0-9.]+ +[0-9.]+ +\d+ +[0-9.]+$", text, re.M), text)


def case_progress(folder):
    """Where errors go to a terminal, long work says how far it is; elsewhere it says nothing."""
    x = write(folder + "/x.npy", npy_bytes((3000, 6), filled(18000, 0)))
    data = write_npz(folder + "/data.npz", {"x": ((3000, 6), filled(18000, 0)), "y": ((3000, 4), filled(12000, 1))})
    for what, end, arguments in (("measuring layer 1 of 3", "\r\033[K", ["bench", in_versions("sequential.h5"), "--batch-sizes", "1"]),
                            ("sample 2048 of 3000", "\r\033[K", ["predict", in_versions("sequential.h5"), "--input", x, "--output",
                                                     folder + "/y.npy"]),
                            ("\033[1m94/94\033[0m \033[32m", "\r\n", ["evaluate", in_versions("sequential.h5"), "--data", data, "--loss", "mse"])):
        ours, its = pty.openpty()
        done = subprocess.run([TOOL, *arguments], stdout=subprocess.DEVNULL, stderr=its, timeout=120)
        os.close(its)
        text = os.read(ours, 1 << 16).decode()
        os.close(ours)
        check(done.returncode == 0 and what in text and text.endswith(end), text)
        check(subprocess.run([TOOL, *arguments], capture_output=True, timeout=120).stderr == b"", what)
    check(npy_values(read(folder + "/y.npy"))[0] == (3000, 4))


def case_mistakes(folder):
    model, data = in_versions("sequential.h5"), table(folder)
    two = in_files("two_towers.keras")
    x = write(folder + "/x.npy", npy_bytes((4, 6), filled(24, 0)))
    wrong = write(folder + "/wrong.npy", npy_bytes((4, 7), filled(28, 0)))
    flat = write(folder + "/flat.npy", npy_bytes((6,), filled(6, 0)))
    damaged = write(folder + "/damaged.npy", npy_bytes((4, 6), filled(24, 0))[:-4])
    one = write_npz(folder + "/one.npz", {"input_layer": ((4, 6), filled(24, 0))})
    more = write_npz(folder + "/more.npz", {"input_layer": ((4, 6), filled(24, 0)),
                                            "input_layer_1": ((3, 6), filled(18, 0))})
    no_model = write(folder + "/none.keras", b"PK\x03\x04" + bytes(100))
    output = ["--output", folder + "/out.npy"]
    # The command line.
    refused(2, "subcommand is required")
    refused(2, "there is no command 'sumary', there are summary, ", "sumary", model)
    refused(2, "FILE is required", "summary")
    refused(2, "--input is required", "predict", model, *output)
    refused(2, "--epochs", "train", model, "--data", data, "--epochs", "0", "--output", folder + "/t.keras")
    refused(2, "--epochs", "train", model, "--data", data, "--epochs", "many", "--output", folder + "/t.keras")
    refused(2, "bench: there is no option '--bathc', there are --help, --batch-sizes, --length", "bench", model,
            "--bathc", "3")
    refused(2, "predict: there is no option '--inputs', there are --help, --input, --output", "predict", model,
            "--inputs", x, *output)
    refused(2, " are --epochs, ", "train", model, "--data", data, "--epoch=3", "--output", folder + "/t.keras")
    refused(2, "a .npy or .npz wanted", "predict", model, "--input", data, *output)
    refused(2, "a model of 2 inputs, a .npz wanted", "predict", two, "--input", x, *output)
    refused(2, "a .keras or .h5 with a whole model wanted", "summary", "model.onnx")
    refused(2, "loss 'ctc' is not known here; known are mean_squared_error", "evaluate", model, "--data", data,
            "--loss", "ctc")
    refused(2, "the model was not compiled: --loss wanted", "evaluate", model, "--data", data)
    refused(2, "takes no logits", "evaluate", model, "--data", data, "--loss", "mse:logits")
    refused(2, "optimizer 'muon' is not known here; known are adam, ", "train", model, "--data", data, "--loss", "mse",
            "--optimizer", "muon", "--epochs", "1", "--output", folder + "/t.keras")
    refused(2, "a crossentropy of one output beside an error", "evaluate", in_files("several_outputs.keras"), "--data",
            several_outputs(folder), "--loss", "mse,mse,binary_crossentropy")
    refused(2, "2 losses came, one or 3 wanted", "evaluate", in_files("several_outputs.keras"), "--data",
            several_outputs(folder), "--loss", "mse,mse")
    refused(2, "weights alone: --model FILE", "convert", in_versions("sequential.weights.h5"), folder + "/m.keras")
    refused(2, "a name that ends with .keras", "convert", model, folder + "/model.tflite")
    refused(2, "a .npz wanted", "evaluate", two, "--data", data, "--loss", "mse")
    # Files and data.
    refused(3, folder + "/missing.keras: ", "summary", folder + "/missing.keras")
    refused(3, folder + "/none.keras: ", "summary", no_model)
    refused(3, "holds weights only", "summary", in_versions("sequential.weights.h5"))
    refused(3, "wrong.npy: the array for the input 'input_layer' has the shape (4, 7), (samples, 6) wanted", "predict",
            model, "--input", wrong, *output)
    refused(3, "has the shape (6), (samples, 6) wanted", "predict", model, "--input", flat, *output)
    refused(3, "damaged.npy: ", "predict", model, "--input", damaged, *output)
    refused(3, "one.npz: no array for the input 'input_layer_1', there is ", "predict", two, "--input", one, "--output",
            folder + "/y.npz")
    refused(3, "'input_layer_1' has 3 samples, 4 wanted", "predict", two, "--input", more, "--output", folder + "/y.npz")
    refused(3, "data.csv: has no column called 'price', there are ", "evaluate", model, "--data", data, "--label", "price",
            "--loss", "mse")
    refused(3, "sequential.h5: binary_crossentropy got an output of (4): needs probabilities: end the network with "
            "Sigmoid", "evaluate", model, "--data", data, "--loss", "binary_crossentropy")
    refused(3, "data.csv: y: ", "evaluate", model, "--data", data, "--loss", "mse")
    refused(3, folder + "/no/out.npy: ", "predict", model, "--input", x, "--output", folder + "/no/out.npy")
    refused(3, folder + "/no/t.keras: ", "train", model, "--data", data, "--loss", "sparse_categorical_crossentropy",
            "--epochs", "1000000", "--output", folder + "/no/t.keras")
    refused(3, "sequential.weights.h5: ", "convert", in_versions("sequential.weights.h5"), folder + "/m.keras", "--model",
            two)
    check(not os.path.exists(folder + "/out.npy") and not os.path.exists(folder + "/t.keras"))


if __name__ == "__main__":
    wanted = sys.argv[3:]
    for name, case in list(globals().items()):
        if name.startswith("case_") and (not wanted or name[5:] in wanted):
            before = failures
            with tempfile.TemporaryDirectory() as here:
                try:
                    case(here)
                except Exception as e:  # of this script
                    check(False, name, type(e).__name__, e)
            print(name[5:], "failed" if failures > before else "passed")
    sys.exit(failures > 0)
