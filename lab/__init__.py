"""The application: Textual app, typer commands, figures on disk, environment check."""
