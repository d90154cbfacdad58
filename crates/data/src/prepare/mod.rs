//! From records to examples, with every change and every loss accounted for.
//!
//! 1. [`template`]: `[{category}] [고객문의] {question}`.
//! 2. [`layout`]: which columns of a source go where; record → draft row → example.
//! 3. [`conversation`]: rows that are conversations already.
//! 4. [`step`]: what cleaning, masking, rejecting and de-duplicating plug into.
//! 5. [`runner`]: streams rows through the steps on several threads, in order.
//! 6. [`changes`]: what each step changed, for those who ask.
//! 7. [`counts`]: how many rows became what.

pub mod changes;
pub mod conversation;
pub mod counts;
pub mod layout;
pub mod runner;
pub mod step;
pub mod template;

pub use changes::{Change, Watch};
pub use conversation::{Conversation, Conversations, Format};
pub use counts::Counts;
pub use layout::{Layout, Templates};
pub use runner::{PrepareError, Prepared, Runner};
pub use step::{DraftRow, Field, OrderedStep, Outcome, Part, Reason, Step};
pub use template::{Template, TemplateError};
