from tests.lab.cli_toy import genlab  # noqa: F401 (a fixture)
