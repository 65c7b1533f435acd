"""The rendered street that the demo plays."""
