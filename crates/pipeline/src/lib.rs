//! Stage graph, fingerprints, content store, lock file, runner.
