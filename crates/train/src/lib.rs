//! Shards in, adapter out: the loop, optimizer, schedule, checkpoints, events.
