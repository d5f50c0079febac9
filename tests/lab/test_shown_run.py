"""Where escape leads from a run that was opened in a list."""

from types import SimpleNamespace

from lab.shown_run import ShownRun


def test_escape_leads_from_a_run_of_this_app_to_the_list_until_another_one_is_opened() -> None:
    session, other, gone = object(), object(), []
    app = SimpleNamespace(screen=SimpleNamespace(session=session))
    shown = ShownRun(app)  # type: ignore[arg-type]
    shown.lead_back(session, lambda: gone.append("list"))  # type: ignore[arg-type]
    assert shown.back() and gone == ["list"]
    assert not shown.back(), "once: from there on escape leads home"
    shown.lead_back(session, lambda: gone.append("list"))  # type: ignore[arg-type]
    app.screen = SimpleNamespace(session=other)
    assert not shown.back(), "another screen is seen"
    app.screen = SimpleNamespace(session=session)
    shown.give_back()  # as every other opening does
    assert not shown.back() and gone == ["list"]
