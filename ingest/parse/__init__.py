"""One parser to a file; `ingest.components` names them by media type."""
