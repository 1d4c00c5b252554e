"""The atlas' own page, without a browser: what is written, and what it says of the cells."""

import ast
import base64
import collections
import gzip
import itertools
import json
import random
import re
import shlex
import shutil
import zlib

import bs4
import pytest
from click.testing import CliRunner

from epochwatch._cli.explain import explain
from epochwatch.errors import BadInput
from epochwatch_lab._atlas.places import releases_words
from epochwatch_lab._site.atlas_page import row_colours, write_atlas_page
from epochwatch_lab._site.cells import read_cells
from epochwatch_lab._site.guarantee_rows import guarantee_rows
from epochwatch_lab._site.passes import pass_sentences
from epochwatch_lab._site.remedies import REMEDIES, Remedies, changed
from tests.epochwatch_lab.site.cells import (
    ATLAS,
    NAME,
    PAGE,
    RAW,
    WHOLE,
    address_of,
    findings_of,
    lost_of,
    raw_cells,
    shown_verdict,
    warned_of,
    with_reproduction,
)

LARGEST = 3_000_000  # bytes, of which the evidence is another part
BY_ADDRESS = {address_of(cell): cell for cell in RAW}


def written(folder):
    """Write the page of a few cells."""
    atlas = with_reproduction(shutil.copytree(ATLAS, folder / "atlas"))
    write_atlas_page(atlas, folder / "page")
    return folder / "page"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return written(tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def whole_page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    write_atlas_page(WHOLE, folder)
    return folder


@pytest.fixture(scope="module")
def whole_cells():
    return read_cells(WHOLE)


def data_of(page):
    """What the script reads, unpacked by hand."""
    text = re.fullmatch(r'const PACKED = "(.*)";\n', (page / "data.js").read_text())[1]
    return json.loads(zlib.decompress(base64.b64decode(text)))


def shown_cells(data):
    """Every cell as the script puts it together."""
    for file, way, outcome, order, expectation, *_ in data["cells"]:
        address = "/".join([*data["files"][file]["prefix"], data["ways"][way]["address"]])
        parts = data["outcomes"][outcome], data["orders"][order], data["expectations"][expectation]
        yield address, *parts


@pytest.mark.slow
def test_the_page_has_every_cell_of_the_atlas_as_a_plain_reader_has_it(whole_page):
    cells = {address: parts for address, *parts in shown_cells(data_of(whole_page))}
    raw = list(raw_cells(WHOLE))
    assert sorted(cells) == sorted(map(address_of, raw))
    wrong = collections.Counter()
    for cell in raw:
        outcome, order, (expected, rule) = cells[address_of(cell)]
        wrong["verdict"] += outcome["verdict"] != shown_verdict(cell)
        wrong["raised"] += outcome["raised"] != cell["raised"]
        wrong["warnings"] += outcome["warnings"] != cell["warnings"]
        wrong["warned"] += outcome["warned"] != bool(warned_of(cell))
        wrong["finding"] += outcome["finding"] != cell["finding"]
        wrong["rule"] += rule != (cell.get("expected") or {}).get("rule")
        wrong["expected"] += expected != (cell.get("expected") or {}).get("verdict")
        counted = lost_of(cell)
        wrong["lost"] += bool(counted) and outcome["lost"] != [counted[1], counted[0]]
        if (
            cell["act"] == "fit"
            and (cell["observed"] or {"order": {"fixed": False}})["order"]["fixed"]
        ):
            epochs = [line for _, _, lines in order for line in lines]
            trained = [text for fit in cell["texts"] for text in fit]
            wrong["order"] += list(filter(None, epochs)) != list(filter(None, trained))
            wrong["steps"] += len(epochs) != len(cell["observed"]["steps"]["run"])
    assert +wrong == {}


def is_lost_by_chance_or_timing(cell):
    """Whether another run, another seed or a faster reader might have lost other rows, or none."""
    order, pipeline = cell["observed"]["order"], cell["options"].get("pipeline")
    at_random = pipeline in ("sample_from_datasets", "rejection_resample")
    is_drawn = at_random or (order["shuffled_by"] and not order["alike"])
    is_on_tensorflow = cell["environment"]["backend"] == "tensorflow"
    reads_ahead = cell["feed"] == "generator" and is_on_tensorflow and cell["fits"] == 2
    return bool(cell["others"] or is_drawn or reads_ahead)


@pytest.mark.slow
def test_the_page_begins_with_the_cells_that_always_lose_rows_and_those_without_a_warning(
    whole_page,
):
    losing = [cell for cell in raw_cells(WHOLE) if "loses" in findings_of(cell)]
    steady = [cell for cell in losing if not is_lost_by_chance_or_timing(cell)]
    silent = [cell for cell in steady if not warned_of(cell)]
    assert 0 < len(silent) < len(steady) < len(losing)
    assert len(silent) > len([cell for cell in steady if not cell["warnings"]])
    page = bs4.BeautifulSoup((whole_page / "index.html").read_text(), "html.parser")
    shown = [int(number.text.replace(",", "")) for number in page.select("p.lead b")]
    assert shown == [len(steady), len(silent)]


@pytest.mark.slow
def test_a_remedy_is_another_cell_of_the_same_keras_that_has_nothing_to_be_found(whole_cells):
    remedies, raw = Remedies(whole_cells), {address_of(cell): cell for cell in raw_cells(WHOLE)}
    of_harm = [cell for cell in whole_cells if cell.findings and cell.way["act"] == "fit"]
    found = {cell.address: remedies.of(cell) for cell in of_harm}
    assert sum(map(bool, found.values())) > 0.9 * len(of_harm)
    for address, remedy in found.items():
        if remedy:
            shown = raw[remedy[1].address]
            assert remedy[1].address.split("/")[:2] == address.split("/")[:2]
            assert shown["observed"]["findings"] == []
            assert shown["raised"] is None
    assert not any(remedies.of(cell) for cell in whole_cells if cell.is_sound)


def calls_in(code):
    """Every call of a block, in its order: what is called, and what it is given, by name."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call):
            given = {rank: ast.unparse(value) for rank, value in enumerate(node.args)}
            given |= {each.arg: ast.unparse(each.value) for each in node.keywords}
            yield ast.unparse(node.func), given


def given_to_fit(cell):
    """What the `fit` of a cell is given beside its feed and epochs, but for what is its default."""
    options, given = cell["options"], {}
    if cell["steps_per_epoch"]:
        given["steps_per_epoch"] = str(cell["steps_per_epoch"])
    if cell["validation"]:
        given["validation_data"] = "(x_val, y_val)"
    if cell["feed"] == "arrays":
        given["batch_size"] = "batch_size"
    if cell["feed"] in ("arrays", "py_dataset") and options.get("shuffle") is not True:
        given["shuffle"] = "False"
    return given


def workers_of(cell):
    names = {"workers", "use_multiprocessing"} if cell["feed"] == "py_dataset" else set()
    return {name: str(value) for name, value in cell["options"].items() if name in names}


def wrong_in(code, cell):
    """What a block to paste does otherwise than the cell that it is seen to work by."""
    calls = list(calls_in(code))
    fits = [given for name, given in calls if name == "model.fit"]
    compiled = [given for name, given in calls if name == "model.compile"]
    made = [given for name, given in calls if name == "MyDataset"]
    is_keras_2 = cell["environment"]["keras"][0] == "2"
    data = {0: "x", 1: "y"} if cell["feed"] == "arrays" else {0: "feed"}
    workers = workers_of(cell)
    wanted = data | {"epochs": "epochs"} | given_to_fit(cell) | (workers if is_keras_2 else {})
    steps = [given["steps_per_execution"] for given in compiled] or ["1"]
    seeds = [given for name, given in calls if name.endswith("set_random_seed")]
    compared = {
        "fit": (fits, [wanted] * cell["fits"]),
        "execution": (steps, [str(cell["steps_per_execution"])]),
        "seed": (seeds, [{0: "seed"}] if cell["seeded"] else []),
        "workers": (made, [workers] if workers and not is_keras_2 else []),
    }
    return [name for name, (shown, recorded) in compared.items() if shown != recorded]


@pytest.mark.slow
def test_the_code_to_paste_is_the_call_of_the_cell_that_it_is_seen_to_work_by(whole_page):
    data, raw = data_of(whole_page), {address_of(cell): cell for cell in raw_cells(WHOLE)}
    addresses = [address for address, *_ in shown_cells(data)]
    blocks = {(remedy, shown) for *_, remedy, shown in data["cells"] if remedy >= 0}
    pasted = [(data["remedies"][remedy][1], raw[addresses[shown]]) for remedy, shown in blocks]
    for name in ("validation", "seeded"):
        assert {bool(cell[name]) for _, cell in pasted} == {False, True}, name
    assert {(cell["fits"], cell["steps_per_execution"]) for _, cell in pasted} >= {(2, 1), (1, 3)}
    assert {cell["act"] for _, cell in pasted} == {"fit"}
    wrong = {code: names for code, cell in pasted if (names := wrong_in(code, cell))}
    assert wrong == {}


@pytest.mark.parametrize("number", range(1, len(REMEDIES) + 1))
def test_remedies_that_change_nothing_are_none(number):
    sound = {"feed": "arrays", "options": {}, "steps_per_epoch": None, "steps_per_execution": 1}
    for remedies in itertools.combinations(REMEDIES, number):
        assert changed(sound | {"fits": 1, "seeded": None, "act": "fit"}, remedies) == {}


@pytest.mark.slow
def test_every_choice_of_six_leads_to_one_cell_and_no_two_to_the_same(whole_page):
    picks = data_of(whole_page)["picks"]
    places = [row[-1] for row in picks["rows"]]
    assert len(set(places)) == len(places)
    assert len({tuple(row[:-1]) for row in picks["rows"]}) == len(places)
    for rank, axis in enumerate(picks["axes"]):
        assert {row[rank] for row in picks["rows"]} == set(range(len(axis["values"])))


def answers(cells):
    """What is guaranteed: by feed and column, the answers and where they hold."""
    columns, rows = guarantee_rows(cells)
    return {
        (feed, column.name): [(answer.text, where) for answer, where in found]
        for row in rows
        for feed in row.feeds
        for column, found in zip(columns, row.answers, strict=True)
    }


@pytest.mark.slow
def test_what_is_guaranteed_is_what_the_batches_show(whole_cells):
    by_column = answers(whole_cells)
    raw = {address_of(cell): cell for cell in raw_cells(WHOLE)}

    def begins(feed, release="keras-3.15/tensorflow"):
        """The last batch of a first fit of one and a half passes, and the first of the next."""
        first, second = raw[f"{release}/{feed}/steps=5/fits=2"]["trained"]
        return first[-1][-1], second[0][0]

    assert begins("arrays(shuffle=false)") == ([8, 9], [0, 1])
    assert by_column["NumPy arrays, shuffle=False", "Second fit"][0] == ("starts over", "")
    last, first = begins("generator(endless)")
    assert first[0] > last[1] + 1
    assert by_column["Python generator, endless", "Second fit"][0] == ("skips batches", "")
    last, first = begins("generator(endless)", "keras-3.15/torch")
    assert first[0] == last[1] + 1
    assert by_column["Python generator, endless", "Second fit"][1][0] == "goes on"
    sequence = raw["keras-2.15/tensorflow/py_dataset(workers=1)/steps=3"]["trained"][0]
    assert sequence[0] == sequence[1]
    resumes = by_column["PyDataset, 1 worker", "Next epoch resumes"]
    assert resumes[0] == ("yes", "")
    assert ("no: restarts", "2.x") in resumes


@pytest.mark.slow
def test_what_is_said_of_a_second_fit_is_what_its_first_batch_shows(whole_cells):
    raw = {address_of(cell): cell for cell in raw_cells(WHOLE)}
    seen = collections.Counter()
    for cell in whole_cells:
        recorded, said = raw[cell.address], [*pass_sentences(cell)]
        of_fit = [each for each in said if each.startswith("The second fit ")]
        if not of_fit:
            continue
        first, second = ([batch for epoch in fit for batch in epoch] for fit in recorded["trained"])
        words = of_fit[0].removeprefix("The second fit ")
        seen[words] += 1
        # Of two streams in turn the first row counts on, else the rows do.
        (last, *_, end), (row, *_) = first[-1], second[0]
        goes_on = row == (last if "choose" in cell.address else end) + 1
        if words.startswith("goes on"):
            assert goes_on, cell.address
        elif words.startswith("begins a new pass"):
            # The first batch is missing where it was taken to build the model.
            assert second[0] == first[0] or second[0] not in first[:9], cell.address
        else:
            assert not goes_on, cell.address
    assert len(seen) == 3


@pytest.mark.slow
def test_a_batch_is_said_to_come_twice_where_it_does(whole_cells):
    raw = {address_of(cell): cell for cell in raw_cells(WHOLE)}
    said = [cell.address for cell in whole_cells if TWICE in [*pass_sentences(cell)]]
    assert len(said) > 40
    for address in said:
        cell = raw[address]
        passes = collections.Counter()
        for number, fit in enumerate(cell["trained"]):
            for place, batch in enumerate(itertools.chain(*fit)):
                passes[number, place // 10, tuple(batch)] += 1
        assert max(passes.values()) > 1, address
    whole_passes = [
        cell
        for cell in whole_cells
        if "shuffled_in" in cell.way["options"] and cell.way["steps_per_epoch"] is None
    ]
    assert whole_passes
    assert not any(TWICE in [*pass_sentences(cell)] for cell in whole_passes)


TWICE = "Within a pass a batch came twice."
HARMS = {"replays", "raises", "hangs", "crashes", "skips", "restarts", "overruns", "runs dry"}


def good_answers(cells):
    columns, rows = guarantee_rows(cells)
    for row in rows:
        for column, found in zip(columns, row.answers, strict=True):
            yield from ((column.name, answer) for answer, _ in found if answer.tone == "good")


@pytest.mark.slow
def test_what_is_called_good_is_shown_by_a_cell_without_harm(whole_cells):
    raw = {address_of(cell): cell for cell in raw_cells(WHOLE)}
    good = list(good_answers(whole_cells))
    assert len(good) > 20
    wrong = [
        (column, answer.text, answer.shown_by)
        for column, answer in good
        if shown_verdict(raw[answer.shown_by]) in HARMS
    ]
    assert wrong == []
    resuming = [raw[answer.shown_by] for column, answer in good if column == "Next epoch resumes"]
    for cell in resuming:
        epochs = cell["trained"][0]
        assert {len(epoch) for epoch in epochs} == {cell["steps_per_epoch"]}
        rows = [row for epoch in epochs[:2] for batch in epoch for row in batch]
        # Two streams that come at random may have a row twice.
        assert len(set(rows)) == len(rows) or cell["options"]["pipeline"].endswith(
            ("sample_from_datasets", "rejection_resample")
        )


@pytest.mark.slow
def test_a_backend_is_named_where_not_all_backends_of_the_release_were_seen_so(whole_cells):
    raw = list(raw_cells(WHOLE))
    arrays = {"seeded": "global", "act": "fit", "feed": "arrays", "options": {"shuffle": True}}
    seen = {
        cell["environment"]["backend"]
        for cell in raw
        if all(cell[key] == value for key, value in arrays.items())
        and (cell.get("observed") or {"order": {"alike": False}})["order"]["alike"]
    }
    assert seen == {"tensorflow"}
    told = dict(answers(whole_cells)["NumPy arrays, shuffle=True", "Seed heeded"])
    where = told["yes; one order"]
    assert all(part.endswith("on TensorFlow") for part in where.split("; "))


@pytest.mark.slow
def test_what_a_feed_gets_after_its_end_is_in_the_answer(whole_cells):
    by_column = answers(whole_cells)
    generator = "Python generator, length unknown"
    for column in ("Order in each epoch", "Next epoch resumes"):
        (usual, _), (older, where) = by_column[generator, column]
        assert usual == "ends, then 2 again"
        assert older == "empty epoch"
        assert where == "3.6, 2.x"
    assert by_column[generator, "Second fit"] == [("raises", "")]
    unknown = by_column["tf.data.Dataset, length unknown", "Next epoch resumes"]
    assert unknown == [("empty epoch", "")]
    finite = by_column["tf.data.Dataset", "Next epoch resumes"]
    assert finite[0] == ("yes", "")
    assert finite[1:] == [("empty epoch", "3.6, 2.x")]


def test_a_column_is_there_once_it_has_cells():
    cells = read_cells(ATLAS)
    columns = {column for _, column in answers(cells)}
    assert {"After a restore", "Validation rows", "Seed heeded"} <= columns
    fits = [cell for cell in cells if cell.way["act"] == "fit" and not cell.way["seeded"]]
    assert {column for _, column in answers(fits)} == {
        "Order in each epoch",
        "Next epoch resumes",
        "Second fit",
    }
    found = answers(cells)
    assert found["tf.data.Dataset: shuffle", "Validation rows"] == [("other rows", "")]
    assert found["tf.data.Dataset", "Validation rows"] == [("same rows", "")]
    assert found["Python generator, length unknown", "Validation rows"] == [("fewer rows", "")]
    assert found["NumPy arrays, shuffle=False", "After a restore"] == [("starts over", "")]


@pytest.mark.parametrize(
    ("some", "words"),
    [
        (["3.15"], "Keras 3.15"),
        (["3.15", "3.12"], "Keras 3.12 and 3.15"),
        (["3.12", "3.9", "3.6"], "Keras 3.6 to 3.12"),
        (["3.15", "3.9", "3.6"], "Keras 3.15, 3.6 and 3.9"),
        (["3.15", "2.15"], "Keras 3.15, 2.15"),
        (["3.6", "2.15", "2.13"], "Keras 3.6, Keras 2"),
        (["2.15", "2.13"], "Keras 2"),
    ],
)
def test_releases_that_follow_each_other_are_a_range(some, words):
    every = [f"Keras {number}" for number in ("3.15", "3.12", "3.9", "3.6", "2.15", "2.13")]
    assert releases_words([f"Keras {number}" for number in some], every) == words


@pytest.mark.slow
def test_the_command_of_a_cell_predicts_what_the_atlas_expected_there(whole_page):
    data, runner = data_of(whole_page), CliRunner()
    # Of a call that raises nothing was predicted, and the page has no command.
    predicted = [row for row in data["cells"] if data["expectations"][row[4]][1]]
    asked = [row for row in predicted if data["ways"][row[1]]["explain"]]
    assert len(asked) > 0.5 * len(data["cells"])
    wrong = {}
    for file, way, _, _, expectation, *_ in random.Random(1).sample(asked, min(len(asked), 400)):
        command = f"{data['ways'][way]['explain']} {data['files'][file]['explain']}"
        done = runner.invoke(explain, [*shlex.split(command)[2:], "--json"])
        expected = data["expectations"][expectation][0]
        if done.exit_code or json.loads(done.output)["verdict"] != expected:
            wrong[command] = expected
    assert wrong == {}


@pytest.mark.slow
def test_the_page_is_small_and_asks_for_nothing(whole_page):
    files = [path for path in whole_page.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < LARGEST
    for path in files:
        assert not re.search(r"(src|href|url|import|fetch)\W{1,3}https?:", path.read_text())
    text = bs4.BeautifulSoup((whole_page / "index.html").read_text(), "html.parser")
    own = [tag.get("src") or tag.get("href") for tag in text.select("script, link, a")]
    for target in filter(lambda target: not target.startswith(("#", "../")), own):
        assert (whole_page / target).is_file()


@pytest.mark.slow
def test_the_evidence_is_beside_it_whole(whole_page):
    for path in WHOLE.glob("*.json"):
        packed = whole_page / "evidence" / f"{path.name}.gz"
        assert gzip.decompress(packed.read_bytes()) == path.read_bytes()


def test_the_same_atlas_makes_the_same_page(page, tmp_path):
    again = written(tmp_path)
    files = sorted(path.relative_to(page) for path in page.rglob("*") if path.is_file())
    assert [path.relative_to(again) for path in sorted(again.rglob("*")) if path.is_file()] == files
    assert all((page / file).read_bytes() == (again / file).read_bytes() for file in files)


def say_nothing(atlas):
    """Leave of the last cell how it was called, and nothing that came of it."""
    path = atlas / "keras-3.15.1-jax.json"
    read = json.loads(path.read_text())
    *_, last = read["cells"]
    called = {name: last[name] for name in ("feed", "options", "steps_per_epoch")}
    read["cells"][-1] = called | {"expected": None, "observed": None}
    path.write_text(json.dumps(read))


def add_patch_release(atlas):
    """Add the same cells as of the next patch release."""
    text = (atlas / "keras-3.15.1-jax.json").read_text()
    assert '"keras": "3.15.1"' in text
    later = text.replace('"keras": "3.15.1"', '"keras": "3.15.2"')
    (atlas / "keras-3.15.2-jax.json").write_text(later)


def say_twice(atlas):
    path = atlas / "keras-3.15.1-torch.json"
    read = json.loads(path.read_text())
    path.write_text(json.dumps(read | {"cells": [*read["cells"], read["cells"][0]]}))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (say_nothing, "keras-3.15.1-jax.json: is damaged; `make atlas` makes it again"),
        (add_patch_release, "3.15.[12]-jax.json: has .*, and so has keras-3.15.[12]-jax.json;"),
        (say_twice, "3.15.1-torch.json: has .*, and so has keras-3.15.1-torch.json;"),
        (lambda atlas: (atlas / "reproductions" / f"{NAME}.md").unlink(), f"name '{NAME}', but"),
        (
            lambda atlas: (atlas / "keras-3.15.1-jax.json").write_text('{"cells": []}'),
            "keras-3.15.1-jax.json: is damaged",
        ),
        (lambda atlas: [path.unlink() for path in atlas.glob("*.json")], "holds no file"),
        (
            lambda atlas: (atlas / "reproductions" / f"{NAME}.md").write_text(
                PAGE.replace("title", "titel")
            ),
            "titel|title",
        ),
    ],
)
def test_what_is_damaged_is_named(tmp_path, spoil, message):
    atlas = with_reproduction(shutil.copytree(ATLAS, tmp_path / "atlas"))
    spoil(atlas)
    with pytest.raises(BadInput, match=message):
        write_atlas_page(atlas, tmp_path / "page")
    assert not (tmp_path / "page").exists()


@pytest.mark.parametrize("count", [2, 20])
def test_colours_go_from_dark_to_light_and_can_be_written_on(count):
    colours = row_colours(count)
    assert len({colour for colour, _ in colours}) == count
    assert colours[0][1] == "#ffffff"
    assert colours[-1][1] == "#000000"


@pytest.mark.slow
def test_of_runs_that_differ_the_range_of_what_they_lost_is_told(whole_page):
    says = {address: outcome["says"] for address, outcome, *_ in shown_cells(data_of(whole_page))}
    ranges = 0
    for cell in raw_cells(WHOLE):
        told = [each for each in says[address_of(cell)] if "came out otherwise" in each]
        assert len(told) == bool(cell["others"])
        lost = [other["lost"] for other in cell["others"]]
        if lost and lost_of(cell) and None not in lost and any([*lost, lost_of(cell)[1]]):
            ends = sorted({*lost, lost_of(cell)[1]})
            assert f": {' to '.join(map(str, ends[:: len(ends) - 1 or 1]))} rows" in told[0]
            ranges += len(ends) > 1
    assert ranges > 10
