"""What happens to a ranking before it is handed out as hits."""
