"""entrepot beside its peers: what `./dev bench` runs. README.md tells what is where."""
