//! What several fuzz targets share.

mod choices;
mod codes;
mod token_text;

pub use choices::Choices;
pub use codes::code_of;
pub use token_text::{token_parts, token_text};
