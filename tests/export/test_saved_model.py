"""SavedModel: what lies in the folder that TensorFlow Serving reads."""

from keras_hanet.export.saved_model import write_float32


def test_folder_holds_graph_variables_and_warm_up(source, tmp_path):
    folder = tmp_path / "saved_model"
    folder.mkdir()
    write_float32(source, folder / "saved_model.pb")
    assert (folder / "saved_model.pb").is_file()
    assert (folder / "assets.extra" / "tf_serving_warmup_requests").stat().st_size > 1000
    variables = sum(path.stat().st_size for path in (folder / "variables").glob("variables.data*"))
    num_bytes = 4 * source.model.count_params()
    assert num_bytes <= variables < 1.5 * num_bytes + 2000, "each variable once"
