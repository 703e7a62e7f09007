"""Clusters: start, join and end them. `local.py` keeps a Ray on this machine between commands."""
