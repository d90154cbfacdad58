mod recipe;
fn main() {}
