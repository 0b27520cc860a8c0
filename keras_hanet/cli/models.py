"""`hanet models`: the models that ship with their weights, and how good each is."""


from keras_hanet.cli.console import print_text
from keras_hanet.evaluation.markdown import format_false_alarms, format_interval, format_table
from keras_hanet.models.weights import CARD, FOLDERS, installed_models, read_facts
from keras_hanet.version import INTENDED_USE

HELP = "List the models that ship with their weights: scores, data, licence."
EXAMPLE = "hanet models --json"


def add_arguments(parser):
    parser.add_argument("--json", action="store_true", help="print all that is known of them as JSON on the last line")


def run(arguments):
    facts = {name: read_facts(FOLDERS[name]) for name in installed_models()}
    absent = [name for name in FOLDERS if name not in facts]
    lines = [_describe(name, facts[name]) for name in facts]
    lines += [f"{name}: not in this install; it lies in saved_models/{name} of the repository" for name in absent]
    lines.append(f"Use one by its name: hanet predict IMAGES --model {next(iter(facts), 'cart')}. {INTENDED_USE}")
    print_text("\n\n".join(lines), facts, arguments.json)


def _describe(name, facts):
    rows = [("scored", "Dice of lesion images, %", "IoU, %", "missed", "false alarms")]
    for score in facts["scores"]:
        lesion, normal = score["lesion"], score["normal"]
        alarms = format_false_alarms(normal)
        interval = [format_interval(lesion[key], 100) for key in ("dice", "jaccard")]
        rows.append((score["title"], *interval, f"{lesion['missed']} of {lesion['num']}", alarms))
    data = "; ".join(f"{entry['name']} ({entry['licence']})" for entry in facts["data"])
    return "\n".join((
        f"{name}: {facts['title']}",
        format_table(rows),
        f"trained on: {data}",
        f"licence: {facts['licence']}; card: {FOLDERS[name] / CARD}",
    ))
