"""What formats share is made once."""

from keras_hanet.export.source import Source


def test_steps_that_formats_share_are_made_once(source: Source):
    first = source.onnx
    written = first.stat().st_mtime_ns
    assert source.onnx == first
    assert first.stat().st_mtime_ns == written
    folder = source.saved_model_of_one
    assert (folder / "saved_model.pb").is_file()
    assert source.saved_model_of_one == folder
    assert {path.name for path in source.folder.iterdir()} == {"float32.onnx", "saved_model_of_one"}
