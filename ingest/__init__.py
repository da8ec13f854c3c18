"""Files in, structured documents and chunks out."""
