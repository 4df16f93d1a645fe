//! What several fuzz targets share.

mod choices;
mod token_text;

pub use choices::Choices;
pub use token_text::{token_parts, token_text};
