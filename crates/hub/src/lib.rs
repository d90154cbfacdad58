//! Model folders from the Hugging Face Hub cache layout.
