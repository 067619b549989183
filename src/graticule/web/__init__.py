"""The workbench: a page on this machine in which pipelines are seen, tuned and kept."""
