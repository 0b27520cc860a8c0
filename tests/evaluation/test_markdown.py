from keras_hanet.evaluation.markdown import format_false_alarms, format_interval, format_table


def test_table_lines_up():
    assert format_table([("run", "Dice, %"), ("reference", "72.9"), ("b", "5.0 [1.0, 9.0]")]).splitlines() == [
        "| run       |        Dice, % |",
        "| --------- | -------------: |",
        "| reference |           72.9 |",
        "| b         | 5.0 [1.0, 9.0] |",
    ]


def test_interval():
    entry = {"mean": 0.7291, "ci95": [0.63, 0.8155]}
    assert format_interval(entry, 100) == "72.9 [63.0, 81.5]"
    assert format_interval({"mean": 1.25, "ci95": [-0.5, 3.0]}, sign="+") == "+1.2 [-0.5, 3.0]"
    assert format_interval({"mean": 2.0, "ci95": None}) == "2.0"
    assert format_interval({"mean": -0.01, "ci95": [-0.04, 0.01]}) == "0.0 [0.0, 0.0]", "no -0.0"
    assert format_interval({"mean": None, "ci95": None}) == format_interval(None) == ""


def test_false_alarms_are_counted_where_there_are_normals():
    assert format_false_alarms({"num": 27, "false_alarms": 3}) == "3 of 27"
    assert format_false_alarms({"num": 0}) == "no normals"
