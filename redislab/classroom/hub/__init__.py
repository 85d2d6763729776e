"""A class behind a JupyterHub: files for Docker on one machine, and for Kubernetes on many.

`files` writes them. `sign_in` and `spawning` are the hub's configuration, and run there. `gate` stands
between the hub and the Docker engine.
"""
