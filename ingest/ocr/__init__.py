"""OCR engines, one backend to a file."""
