//! Our own templates.

/// A template that ships with the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builtin {
    /// `<|im_start|>role … <|im_end|>`, tools in Hermes form.
    ChatMl,
    /// `### Instruction:`, `### Input:`, `### Response:`, for models without turns.
    Alpaca,
    /// Prompt, a line end, response, end of text.
    Plain,
}

impl Builtin {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ChatMl, Self::Alpaca, Self::Plain];

    /// Its name in a recipe.
    pub fn name(self) -> &'static str {
        match self {
            Self::ChatMl => "chatml",
            Self::Alpaca => "alpaca",
            Self::Plain => "plain",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|builtin| builtin.name() == name)
    }

    /// Its text.
    pub fn source(self) -> &'static str {
        match self {
            Self::ChatMl => include_str!("builtin/chatml.jinja"),
            Self::Alpaca => include_str!("builtin/alpaca.jinja"),
            Self::Plain => include_str!("builtin/plain.jinja"),
        }
    }
}
