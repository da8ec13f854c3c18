"""One system to a file. An adapter imports its own library, which its own venv has."""
