"""Read with the tensorboard package what callbacks.cpp wrote: python tensorboard_reads.py FOLDER

Exits with 0 if all agrees, with 77 (skipped) if the package is not there.
"""

import sys
from pathlib import Path

try:
    from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.graph import graphs_plugin
    from tensorboard.util import tensor_util
    from tensorboard import context
except ImportError as error:
    print(f"tensorboard is not here: {error}")
    sys.exit(77)


def main():
    folder = Path(sys.argv[1])
    logs = plugin_event_multiplexer.EventMultiplexer()
    logs.AddRunsFromDirectory(str(folder))
    logs.Reload()
    assert set(logs.Runs()) == {"train", "validation"}, logs.Runs()

    def series(run, tag):
        return [(e.step, tensor_util.make_ndarray(e.tensor_proto)) for e in logs.Tensors(run, tag)]

    provider = data_provider.MultiplexerDataProvider(logs, str(folder))
    scalars = provider.list_scalars(context.RequestContext(), experiment_id="", plugin_name="scalars")
    assert set(scalars["train"]) == {
        "epoch_loss", "epoch_mean_absolute_error", "epoch_learning_rate", "epoch_steps_per_second", "batch_loss",
        "batch_mean_absolute_error", "batch_steps_per_second"}, scalars["train"]
    assert set(scalars["validation"]) == {
        "epoch_loss", "epoch_mean_absolute_error", "evaluation_loss_vs_iterations",
        "evaluation_mean_absolute_error_vs_iterations"}, scalars["validation"]

    wanted = {}
    for line in (folder / "wanted.txt").read_text().splitlines():
        name, value = line.split()
        wanted.setdefault(name, []).append(float(value))
    for name, values in wanted.items():
        run = "validation" if name.startswith("val_") else "train"
        got = series(run, "epoch_" + name.removeprefix("val_"))
        assert [step for step, _ in got] == [0, 1, 2], got
        assert [float(value) for _, value in got] == values, (name, got, values)
    assert [step for step, _ in series("train", "batch_loss")] == [2, 4, 6, 8, 10, 12]
    assert [step for step, _ in series("validation", "evaluation_loss_vs_iterations")] == [4, 8, 12]
    assert abs(float(series("train", "epoch_learning_rate")[0][1]) - 0.01) < 1e-8

    histograms = provider.list_tensors(context.RequestContext(), experiment_id="", plugin_name="histograms")["train"]
    sizes = {"dense/kernel": 3, "dense/bias": 3, "dense_1/kernel": 3, "dense_1/bias": 1}
    assert set(histograms) == {name + "/histogram" for name in sizes}, histograms
    for name, size in sizes.items():
        got = series("train", name + "/histogram")
        assert [step for step, _ in got] == [0, 2], got
        for _, buckets in got:
            assert buckets.shape == (30, 3) and buckets[:, 2].sum() == size, buckets
            assert (buckets[1:, 0] == buckets[:-1, 1]).all() and (buckets[:, 0] <= buckets[:, 1]).all(), buckets

    plugin = graphs_plugin.GraphsPlugin(base_plugin.TBContext(
        logdir=str(folder), multiplexer=logs, data_provider=provider))
    graph, _ = plugin.graph_impl(context.RequestContext(), "train", "keras", True, "")
    nodes = [line.split('"')[1] for line in graph.splitlines() if line.startswith("  name:")]
    assert [node.split("/")[-1] for node in nodes if "dense" in node] == ["dense", "dense_1"], nodes


if __name__ == "__main__":
    main()
