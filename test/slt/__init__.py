"""SQL scripts that run in every mode against one golden: see README.md."""
