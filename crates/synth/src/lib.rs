//! Generated text: shops, conversations, questions; the teacher client.
