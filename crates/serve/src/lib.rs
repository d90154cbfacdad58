//! Messages in, replies out: sampling, batching, streaming.
