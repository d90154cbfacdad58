//! Integration tests of `hub`: a server that misbehaves on purpose.

mod faults;
mod layout;
mod server;
mod strangers;
