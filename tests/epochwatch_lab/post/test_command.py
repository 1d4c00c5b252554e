"""`epochwatch post`, with all its options."""

import json
import sys

import nbformat
import pytest
import yaml

from epochwatch_lab import _cli as cli

SLUG = "does-fit-resume"
NOT_PUBLISHED = (
    "not published yet: Jekyll leaves out what says `published: false`; pass --published\n"
)


@pytest.fixture
def post(tmp_path, monkeypatch, executed, shown_figure):
    """Export a finished run; gives the files that are there then, by their names in the site."""
    nbformat.write(executed(shown_figure()), tmp_path / "notebook.ipynb")
    findings = json.dumps({"findings": {}, "answer": "Yes."})
    (tmp_path / "findings.json").write_text(findings)

    def run(*options, run="default"):
        record = {"id": "0", "run": run, "parameters": {}}
        record |= {"files": {"findings.json": len(findings)}}
        (tmp_path / "run.json").write_text(json.dumps(record))
        command = ["epochwatch", "post", tmp_path, "--outputs", tmp_path, *options]
        monkeypatch.setattr(sys, "argv", list(map(str, command)))
        cli.main()
        blog = tmp_path / "blog"
        return {str(path.relative_to(blog)): path for path in blog.rglob("*.*") if path.is_file()}

    return run


def front_matter(path):
    return yaml.safe_load(path.read_text().split("---\n")[1])


def test_both_flavors_are_written_and_named(post, tmp_path, capsys):
    written = post()
    posts = [f"_posts/2026-11-20-{SLUG}.md", f"_github/{SLUG}.md"]
    assert set(written) == {*posts, f"assets/img/{SLUG}/order.png"}
    said = capsys.readouterr()
    assert said.out.split() == [str(tmp_path / "blog" / name) for name in posts]
    assert said.err == NOT_PUBLISHED


def test_only_of_what_jekyll_leaves_out_it_is_said_how_to_publish_it(post, capsys):
    for options, said in (("--published", ""), ("--draft", NOT_PUBLISHED)):
        post(options)
        assert capsys.readouterr().err == said
    post("--flavor", "github")
    assert capsys.readouterr().err == ""


def test_a_trial_runs_post_takes_the_place_of_none(post):
    before = post()["_github/does-fit-resume.md"].read_bytes()
    written = post(run="Trial_7")
    assert f"_posts/2026-11-20-{SLUG}-trial-7.md" in written
    assert f"assets/img/{SLUG}-trial-7/order.png" in written
    assert written["_github/does-fit-resume.md"].read_bytes() == before
    assert "_github/own.md" in post("--slug", "own", run="Trial_7")


def test_a_damaged_run_is_not_published(post, tmp_path, capsys):
    (tmp_path / "findings.json").write_text("half")
    with pytest.raises(SystemExit):
        post()
    assert "no finished run (findings.json missing or damaged)" in capsys.readouterr().err
    assert not (tmp_path / "blog").exists()


def test_every_option_arrives(post):
    options = ["--title", "Other: {{ x }}", "--date", "2027-01-31", "--slug", "other"]
    options += ["--tags", "one, two", "--published", "--excerpt", "It does."]
    written = post(*options, "--links", "relative_url")
    path = written["_posts/2027-01-31-other.md"]
    assert front_matter(path) == {
        "layout": "post",
        "title": "Other: {{ x }}",
        "date": yaml.safe_load("2027-01-31"),
        "published": True,
        "tags": ["one", "two"],
        "excerpt": "It does.",
    }
    assert "{{ '/assets/img/other/order.png' | relative_url }}" in path.read_text()


def test_a_draft_and_no_tags_can_be_asked_for(post):
    written = post("--draft", "--tags", "")
    fields = front_matter(written[f"_posts/2026-11-20-{SLUG}.md"])
    assert (fields["published"], fields["tags"]) == (False, [])


@pytest.mark.parametrize(("flavor", "folder"), [("jekyll", "_posts"), ("github", "_github")])
def test_one_flavor_can_be_asked_for(post, flavor, folder):
    assert {name.partition("/")[0] for name in post("--flavor", flavor)} == {folder, "assets"}


def test_runs_not_made_yet_are_passed_over_with_a_note(post, tmp_path, capsys):
    written = post("--skip-missing", tmp_path / "02" / "default", tmp_path / "03" / "default")
    assert f"_posts/2026-11-20-{SLUG}.md" in written
    notes = capsys.readouterr().err.splitlines()
    assert notes[:-1] == [
        f"{tmp_path}/{name}/default: not run yet, its post stays as it is" for name in ("02", "03")
    ]


def test_a_run_that_is_damaged_is_never_passed_over(post, tmp_path, capsys):
    (tmp_path / "findings.json").unlink()
    with pytest.raises(SystemExit):
        post("--skip-missing")
    assert "findings.json missing or damaged" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--title", "--date", "--slug", "--excerpt"])
def test_what_two_posts_cannot_share_is_refused(post, tmp_path, capsys, option):
    with pytest.raises(SystemExit):
        post(tmp_path, option, "x")
    expected = (
        f"epochwatch: {option}: got it for 2 runs, allowed: for one; export that run by itself"
    )
    assert capsys.readouterr().err.strip() == expected
    assert not (tmp_path / "blog").exists()


def test_without_nbconvert_the_extra_is_named(post, monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "epochwatch_lab.post._blog", raising=False)
    monkeypatch.setitem(sys.modules, "nbformat", None)
    with pytest.raises(SystemExit):
        post()
    assert "post: nbformat is not installed; pip install 'epochwatch[post]'" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        (["--date", "2026-02-30"], "date: got '2026-02-30', allowed: a date such as 2026-11-23"),
        (["--slug", "../escape"], "slug: got '../escape', allowed: lower-case letters"),
        (["--title", ""], "title: got '', allowed: one line of text"),
        (["--flavor", "hugo"], "'hugo' is not one of 'jekyll', 'github'"),
        (["--links", "relative"], "'relative' is not one of 'absolute', 'relative_url'"),
    ],
)
def test_a_bad_option_is_refused_in_one_line(post, tmp_path, capsys, options, refusal):
    with pytest.raises(SystemExit) as end:
        post(*options)
    assert end.value.code == 2
    err = capsys.readouterr().err
    assert refusal in err
    assert err.count("\n") == 1
    assert not (tmp_path / "blog").exists()
