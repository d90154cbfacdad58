//! Scorers, statistics and report data; meets a model only through Responder.
