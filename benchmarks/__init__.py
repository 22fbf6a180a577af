"""What is measured: each figure beside its floor and its peer, from one run (`make bench`)."""
